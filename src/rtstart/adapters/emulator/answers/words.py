"""Text in the pieces in which it is sent."""


def pieces(text: str) -> list[str]:
    """A text word by word, blanks kept, so that it can be put together again."""
    words = text.split(" ")
    parted = (word if index == 0 else f" {word}" for index, word in enumerate(words))
    return [piece for piece in parted if piece]
