"""The instruction sets that code needs, by the options of its compiler; pure.

Names are those of /proc/cpuinfo. What a processor's name stands for (``-march=skylake``) only its
compiler knows: such code, and that of ``native``, counts as needing every instruction set of the
machine that built it. It would not run there if it needed more.

``-mtune`` chooses no instructions, and neither does ``-mcpu`` on x86, where it is another name of
it (GCC manual, "x86 Options").
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_V2 = frozenset(["cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3"])
_V3 = _V2 | frozenset(["abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe", "xsave"])
_V4 = _V3 | frozenset(["avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl"])
_LEVELS = {2: _V2, 3: _V3, 4: _V4}
"""The x86-64 psABI, "Micro-Architecture Levels"."""

_OTHER_NAMES = {
    "abm": "abm",
    "avx512bf16": "avx512_bf16",
    "avx512bitalg": "avx512_bitalg",
    "avx512fp16": "avx512_fp16",
    "avx512vbmi2": "avx512_vbmi2",
    "avx512vnni": "avx512_vnni",
    "avx512vpopcntdq": "avx512_vpopcntdq",
    "avxvnni": "avx_vnni",
    "bmi": "bmi1",
    "lzcnt": "abm",
    "pclmul": "pclmulqdq",
    "pclmulqdq": "pclmulqdq",
    "rdrnd": "rdrand",
    "sha": "sha_ni",
    "sse3": "pni",
    "sse4": "sse4_2",
    "sse4.1": "sse4_1",
    "sse4.2": "sse4_2",
}
"""What GCC, Clang and rustc call otherwise than the kernel."""

_SAME_NAMES_TEXT = """
    adx aes avx avx2 avx512bw avx512cd avx512dq avx512f avx512ifma avx512vbmi avx512vl bmi2 f16c
    fma fma4 gfni movbe popcnt rdseed sse4a ssse3 tbm vaes vpclmulqdq xop xsave
"""
_SAME_NAMES = frozenset(_SAME_NAMES_TEXT.split())
_X86 = _SAME_NAMES | frozenset(_OTHER_NAMES.values()) | _V4
_BASES = frozenset({"generic", "x86-64", "armv8-a", "i386", "i486", "i586", "i686"})

_WHOLE = re.compile(
    r"""(?:^|[\s"'=,;\[(])
    (?: -(?P<kind>march|mcpu)=(?P<gcc>[\w.+-]+)
      | -?-?C?\s*target-cpu=(?P<rust>[\w.+-]+)
      | GOAMD64=(?P<go>v\d)
      | -m(?P<one>[a-z][\w.]*)(?![\w.=-])
      | -?-?C?\s*target-feature=(?P<features>[\w.+,-]+)
    )""",
    re.VERBOSE,
)


def instructions_of(texts: Iterable[str], machine: frozenset[str]) -> frozenset[str]:
    """Return what code needs whose compiler had the options in ``texts``; ``machine`` built it."""
    found: set[str] = set()
    is_x86 = "fpu" in machine
    for text in texts:
        for match in _WHOLE.finditer(text):
            name = match["gcc"] or match["rust"]
            if name and not (is_x86 and match["kind"] == "mcpu"):
                found |= _of_processor(name, machine)
            elif match["go"]:
                found |= _LEVELS.get(int(match["go"][1:]), frozenset())
            elif match["features"]:
                names = match["features"].split(",")
                found |= _named(each[1:] for each in names if each.startswith("+"))
            elif match["one"] and is_x86:
                found |= _named([match["one"]])
    return frozenset(found)


def instructions_of_levels(bits: int) -> frozenset[str]:
    """Return what the x86-64 levels need that ``ElfFile.instruction_levels`` has."""
    levels = [each for level, each in _LEVELS.items() if bits & 1 << (level - 1)]
    return frozenset().union(*levels)


def _of_processor(name: str, machine: frozenset[str]) -> frozenset[str]:
    level = re.fullmatch(r"x86-64-v([234])", name)
    if level:
        return _LEVELS[int(level[1])]
    if name in _BASES:
        return frozenset()
    return machine & _X86 if "fpu" in machine else machine


def _named(names: Iterable[str]) -> frozenset[str]:
    known = (_OTHER_NAMES.get(name, name) for name in names)
    return frozenset(name for name in known if name in _X86)
