"""What is neither about tracks nor about builds: how a notebook is opened (S11, U9). Pure."""

import re

from nbh_courses.settings.given import Given

DEFAULT_FORMAT = "notebooks/{notebook}"
URL_FORMAT = "notebook-url-format"
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\<>\"]|^/|//|(?:^|/)\.\.?(?:/|$)|^[a-z]+:")


def url_format(given: Given) -> str:
    """A path under the lab's base URL; original courses write it with or without a slash.

    Raises:
        Wrong: it is none.
    """
    path = given.text().removeprefix("/")
    around = path.split("{notebook}")
    if len(around) != 2 or "{" in "".join(around) or "}" in "".join(around):
        raise given.wrong("holds {notebook} once, and no other braces")
    if _UNSAFE.search(path.replace("{notebook}", "n")):
        raise given.wrong("is no path under the lab's own address")
    return path
