"""How a command says that it cannot do what was asked."""


class Sorry(Exception):
    """A sentence for the person who typed the command, and the exit status."""

    def __init__(self, sentence: str, status: int = 1) -> None:
        super().__init__(sentence)
        self.status = status
