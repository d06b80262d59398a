"""What forges send: headers and bodies as their documentation and their own source have them."""

import hashlib
import hmac
import json
from urllib.parse import urlencode

MAIN = {"ref": "refs/heads/main", "repository": {"default_branch": "main", "name": "course"}}
"""A push to the default branch, as GitHub and Gitea tell it."""


def signature(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def github(secret, body=MAIN, event="push"):
    data = json.dumps(body).encode()
    return {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/044aadd",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "X-Hub-Signature-256": f"sha256={signature(secret, data)}",
    }, data


def github_form(secret, body=MAIN):
    data = urlencode({"payload": json.dumps(body)}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-GitHub-Event": "push"}
    return headers | {"X-Hub-Signature-256": f"sha256={signature(secret, data)}"}, data


def gitea(secret, body=MAIN, event="push"):
    data = json.dumps(body).encode()
    return {
        "Content-Type": "application/json",
        "X-Gitea-Event": event,
        "X-Gitea-Delivery": "f6266f16-1bf3-46a5-9ea4-602e06ead473",
        "X-Gitea-Signature": signature(secret, data),
    }, data


def forgejo(secret, body=MAIN):
    headers, data = gitea(secret, body)
    return {k.replace("Gitea", "Forgejo"): v for k, v in headers.items()}, data


def gitlab(secret, body=None, event="Push Hook", uuid="13792a34-cac6-4fda-95a8-c58e00a3954e"):
    project = {"default_branch": "main", "name": "course"}
    data = json.dumps(body or {"ref": "refs/heads/main", "project": project}).encode()
    return {
        "Content-Type": "application/json",
        "X-Gitlab-Event": event,
        "X-Gitlab-Token": secret,
        "X-Gitlab-Event-UUID": uuid,
    }, data


def bitbucket(secret, branch="main"):
    new = {"type": "branch", "name": branch}
    data = json.dumps({"push": {"changes": [{"new": new, "old": None}]}}).encode()
    return {
        "Content-Type": "application/json",
        "X-Event-Key": "repo:push",
        "X-Request-UUID": "8cdeb0b1",
        "X-Hub-Signature": f"sha256={signature(secret, data)}",
    }, data


ALL = (github, github_form, gitea, forgejo, gitlab, bitbucket)
