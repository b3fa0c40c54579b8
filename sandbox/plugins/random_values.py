"""The resources of the random provider: drawn once from the system's generator, then kept in the state.

Those that names and passwords are made of; another kind is refused by name. `bcryptHash` is left out.
"""

import base64
import secrets
import string
from collections.abc import Callable
from typing import Any, Final

Values = dict[str, Any]

SECRET_KINDS: Final = frozenset({"RandomPassword"})


def draw(kind: str, inputs: Values) -> tuple[str, Values]:
    """Id and computed outputs of a new resource. Raises `KeyError` for a kind that is not here."""
    return _KINDS[kind](inputs)


def _text(inputs: Values) -> str:
    alphabets = {
        "Lower": string.ascii_lowercase if inputs.get("lower", True) else "",
        "Upper": string.ascii_uppercase if inputs.get("upper", True) else "",
        "Numeric": string.digits if inputs.get("numeric", inputs.get("number", True)) else "",
        "Special": inputs.get("overrideSpecial") or "!@#$%&*()-_=+[]{}<>:?" if inputs.get("special", True) else "",
    }
    generator = secrets.SystemRandom()
    chosen: list[str] = []
    for name, characters in alphabets.items():
        chosen += generator.choices(characters, k=inputs.get(f"min{name}", 0))
    chosen += generator.choices("".join(alphabets.values()), k=inputs["length"] - len(chosen))
    generator.shuffle(chosen)
    return "".join(chosen)


def _password(inputs: Values) -> tuple[str, Values]:
    return "none", {"result": _text(inputs)}


def _string(inputs: Values) -> tuple[str, Values]:
    text = _text(inputs)
    return text, {"result": text}


def _id(inputs: Values) -> tuple[str, Values]:
    drawn, prefix = secrets.token_bytes(inputs["byteLength"]), inputs.get("prefix", "")
    url = base64.urlsafe_b64encode(drawn).decode().rstrip("=")
    forms = {
        "b64Url": url,
        "b64Std": base64.b64encode(drawn).decode(),
        "hex": drawn.hex(),
        "dec": str(int.from_bytes(drawn)),
    }
    return url, {form: prefix + text for form, text in forms.items()}


_KINDS: Final[dict[str, Callable[[Values], tuple[str, Values]]]] = {
    "RandomPassword": _password,
    "RandomString": _string,
    "RandomId": _id,
}
