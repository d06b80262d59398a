"""People who may see the pages of the ui origin: their accounts, and how they sign in."""
