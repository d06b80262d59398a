"""Sign a launch link for nbhosting. Copy this file; it needs nothing but Python."""

import hashlib
import hmac
import re
import unicodedata
from urllib.parse import quote


def launch_url(
    origin,
    course,
    notebook,
    student,
    platform,
    key,
    secret,
    expires,
    role="student",
    action="open",
    workspace="copy",
    nonce="",
):
    notebook = re.sub(r"(\.ipynb){1,2}$", "", unicodedata.normalize("NFC", notebook))
    signed = "\n".join(
        ["nbh1", action, workspace, course, notebook, platform, student, role, str(expires), nonce]
    )
    signature = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
    way = {"copy": "notebookLazyCopy", "git": "notebookGitRepo"}[workspace]
    return (
        f"{origin}/{way}/{course}/{quote(notebook)}/{student}"
        f"?action={action}&platform={platform}&role={role}&expires={expires}"
        f"&nonce={nonce}&key={key}&signature={signature}"
    )
