"""Names of files that others have written, into archives, tables or uploads: what is refused."""

import re
import unicodedata

MAX_PART_BYTES, MAX_NAME_BYTES = 255, 1024
DEVICES = re.compile(r"(CON|PRN|AUX|NUL|CLOCK\$|CONIN\$|CONOUT\$|(COM|LPT)[0-9¹²³])", re.IGNORECASE)
BIDI = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
FORBIDDEN = set('<>:"|?*')  # by Windows; a colon opens alternate streams there


def find_fault(name):
    """Return why a name cannot stand for a file below a folder, or None if it can.

    Parameters
    ----------
    name : str
        With ``/`` between folders.

    Returns
    -------
    str or None
        The reason, in words.
    """
    if not name:
        return "it is empty"
    if "\\" in name:
        return "it has a backslash; folders are separated by /"
    if name.startswith("/"):
        return "it is absolute"
    if re.match(r"[A-Za-z]:", name):
        return "it begins with the letter of a drive"
    if len(_bytes(name)) > MAX_NAME_BYTES:
        return f"it is longer than {MAX_NAME_BYTES} bytes"
    return next((fault for part in name.split("/") if (fault := _part_fault(part))), None)


def _part_fault(part):
    if part in ("", "."):
        return "a part of it is empty or a single dot"
    if part == "..":
        return "it leads out of its folder by .."
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in part):
        return "it has a control character, or one that is not valid Unicode"
    if BIDI & set(part):
        return "it has characters that show text in another order than it is stored"
    if len(_bytes(part)) > MAX_PART_BYTES:
        return f"a part of it is longer than {MAX_PART_BYTES} bytes"
    return None


def find_windows_fault(name):
    """Return why a name, which has no other fault, cannot be written on Windows, or None."""
    for part in name.split("/"):
        if DEVICES.fullmatch(part.split(".")[0].rstrip(" ")):
            return "it is the name of a device"
        if part.endswith((" ", ".")):
            return "a part of it ends with a dot or a space"
        if ":" in part:
            return "it has a colon, which opens another stream of a file"
    return None


def is_hidden(name):
    """Return whether a part of a name begins with a dot, or it is what macOS adds."""
    parts = name.split("/")
    return any(part.startswith(".") for part in parts) or "__MACOSX" in parts


def folded(name):
    """Return what is the same for names that some file systems take for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


class Taken:
    """Names that are there already, as file systems see them that fold case and Unicode."""

    def __init__(self):
        self._files, self._folders = {}, {}

    def find_clash(self, name):
        """Return the earlier name that a new file clashes with, or None; then it is there too."""
        key = folded(name)
        clash = self._files.get(key) or self._folders.get(key)
        parts = name.split("/")
        above = ["/".join(parts[:i]) for i in range(1, len(parts))]
        for folder in above:
            known = self._folders.get(folded(folder), folder)
            clash = clash or self._files.get(folded(folder)) or (known if known != folder else None)
        if clash is None:
            self._files[key] = name
            self._folders.update((folded(folder), folder) for folder in above)
        return clash

    def forget(self, name):
        """Let a file be there no longer; its folders stay."""
        del self._files[folded(name)]


def safe_name(text, taken, fallback="label"):
    """Return a name for a folder or a file that is as near to a text as any system allows.

    Parameters
    ----------
    text : str
        Such as the name of a label: ``"a/b"``, ``".."``, ``"CON"``.
    taken : set of str
        Names that are used already, folded; the new one is added.
    fallback : str
        For texts of which nothing is left.
    """
    kept = "".join("_" if _is_unsafe(c) else c for c in unicodedata.normalize("NFC", text))
    kept = kept.encode()[:200].decode(errors="ignore").strip().strip(".") or fallback
    if find_windows_fault(kept):
        kept = f"_{kept}"
    candidates = (kept if i == 1 else f"{kept}~{i}" for i in range(1, len(taken) + 2))
    name = next(c for c in candidates if folded(c) not in taken)
    taken.add(folded(name))
    return name


def _is_unsafe(character):
    is_separator = character in "/\\" or character in FORBIDDEN
    return is_separator or unicodedata.category(character)[0] == "C" or character in "\u2028\u2029"


def _bytes(text):
    return text.encode(errors="surrogatepass")
