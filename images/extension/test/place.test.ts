import assert from "node:assert/strict";
import { test } from "node:test";
import { atNotebook, pageAt, placeIn, rescueUrl, resetUrl, shareUrl, shownAt } from "../src/place.ts";

const ADA = { course: "python", student: "ada" };

test("whose notebook it is stands in the address", () => {
  assert.deepEqual(placeIn("?course=python&student=ada"), ADA);
  assert.equal(placeIn("?course=python"), null);
  assert.equal(placeIn(""), null);
});

const PAGES = {
  "/notebooks/w1/intro.md": "notebook",
  "/notebooks/w1/with%20blank.ipynb": "notebook",
  "/lab/tree/w1/intro.ipynb": "notebook",
  "/lab/workspaces/auto-1/tree/w1/intro.py": "notebook",
  "/doc/tree/w1/intro.ipynb": "notebook",
  "/edit/w1/intro.md": "maybe",
  "/lab": "other",
  "/lab/tree/data": "other",
  "/tree/notebooks/w1": "other",
  "/terminals/1": "other",
};

for (const [path, page] of Object.entries(PAGES)) {
  test(`${path} shows: ${page}`, () => assert.equal(pageAt(path), page));
}

test("a page's path says which notebook it shows", () => {
  assert.equal(shownAt("/12/notebooks/w1/with%20blank.ipynb"), "w1/with blank.ipynb");
  assert.equal(shownAt("/12/lab/workspaces/auto-1/tree/w1/intro.py"), "w1/intro.py");
  assert.equal(shownAt("/12/lab"), "");
});

test("a folder in JupyterLab's address gives way to the notebook, and other pages stay", () => {
  assert.equal(atNotebook("/12/doc/tree/w1", "w1/été.md"), "/12/doc/tree/w1/%C3%A9t%C3%A9.md");
  assert.equal(atNotebook("/12/lab/workspaces/a-1/tree/w1", "n.py"), "/12/lab/workspaces/a-1/tree/n.py");
  assert.equal(atNotebook("/12/lab", "n.py"), "/12/lab/tree/n.py");
  assert.equal(atNotebook("/lab/tree", "n.py"), "/lab/tree/n.py");
  assert.equal(atNotebook("/12/notebooks/a.py", "n.py"), "/12/notebooks/a.py");
  assert.equal(atNotebook("/12/files/lab/tree/a.py", "n.py"), "/12/files/lab/tree/a.py");
});

test("addresses keep folders and escape what is in names", () => {
  assert.equal(
    resetUrl(ADA, "w1/été #1?.md"),
    "/notebookLazyCopy/python/w1/%C3%A9t%C3%A9%20%231%3F.md/ada?forcecopy=true",
  );
  assert.equal(shareUrl(ADA, "w1/n1.md"), "/share/python/w1/n1.md/ada");
  assert.equal(rescueUrl("123", "w1/a&b.md"), "/-/lab/123/rescue?notebook=w1%2Fa%26b.md");
});
