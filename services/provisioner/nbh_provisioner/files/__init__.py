"""The one place from which students' files are touched from outside a lab (S-40).

A student owns everything below their workspace and can swap any of it at any instant. So nothing
here trusts a path: each is resolved by the kernel beneath an open folder, without following a link
(`beneath`); new content comes under a temporary name and is renamed (`atomic`); owners and modes
are set on descriptors.

`workspace` is what the rest of the service calls.
"""
