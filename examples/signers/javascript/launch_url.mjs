// Sign a launch link for nbhosting, on a server. Copy this file; it needs nothing but Node.

import { createHmac } from "node:crypto";

const quoted = (text) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase());

export function launchUrl({ origin, course, notebook, student, platform, key, secret, expires,
                            role = "student", action = "open", workspace = "copy", nonce = "" }) {
  const name = notebook.normalize("NFC").replace(/(\.ipynb){1,2}$/, "");
  const signed = ["nbh1", action, workspace, course, name, platform, student, role, expires, nonce].join("\n");
  const signature = createHmac("sha256", secret).update(signed, "utf8").digest("hex");
  const way = { copy: "notebookLazyCopy", git: "notebookGitRepo" }[workspace];
  const path = name.split("/").map(quoted).join("/");
  return `${origin}/${way}/${course}/${path}/${student}?action=${action}&platform=${platform}&role=${role}` +
    `&expires=${expires}&nonce=${nonce}&key=${key}&signature=${signature}`;
}
