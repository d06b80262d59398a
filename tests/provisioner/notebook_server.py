"""A lab as a student's browser has it: Jupyter's HTTP API."""

import httpx2

from nbh_proto import Lab


class Jupyter:
    """A lab's HTTP API, with its token."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    async def ask(self, method: str, path: str, **more: object) -> httpx2.Response:
        """One request, to a path below the lab's own URL."""
        headers = {"Authorization": f"token {self.lab.token}"}
        async with httpx2.AsyncClient(timeout=60, headers=headers) as client:
            url = f"http://{self.lab.address}/{self.lab.capability}/{path}"
            return await client.request(method, url, **more)

    async def save(self, path: str, content: str) -> httpx2.Response:
        """Save a file of text, relative to the workspace."""
        body = {"type": "file", "format": "text", "content": content}
        return await self.ask("PUT", f"api/contents/{path}", json=body)
