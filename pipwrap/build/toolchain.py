"""Which files belong to the toolchain: compiler, C library, kernel headers, tools, Python; pure.

They are recorded and explained, and are no reason to build again: a system update would rebuild
everything. Which compiler a name leads to is evidence of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_DIRECTORY = re.compile(
    r"""
    /usr/(local/)?lib(exec)?/
        (gcc|gcc-lib|llvm[^/]*|clang[^/]*|rustlib|git-core|bfd-plugins|compat-ld)/
    | /usr/(local/)?(lib|lib64)/[^/]*/?(gconv|ldscripts|perl[^/]*|bfd-plugins)/
    | /usr/(local/)?share/
        ((cmake|aclocal|automake|gcc)-[\d.]+|autoconf|libtool|perl[^/]*|bison|misc)/
    | /usr/(local/)?include/([^/]+-linux-(gnu|musl)[^/]*/)?
        (bits|sys|gnu|asm|asm-generic|linux|arpa|net|netinet|netash|netatalk|netax25|neteconet
         |netipx|netiucv|netpacket|netrom|netrose|nfs|protocols|rpc|scsi|sound|video|mtd|misc|xen
         |rdma|drm|finclude|c\+\+)/
    | .*/\.rustup/toolchains/
    | .*/\.cargo/(registry|bin)/
    """,
    re.VERBOSE,
)
"""Directories of compilers, C libraries, kernel headers and tools alone."""

_LIBC_HEADERS = """
    a.out aio aliases alloca ar argp argz assert byteswap complex cpio crypt ctype dirent dlfcn elf
    endian envz err errno error execinfo fcntl features features-time64 fenv fmtmsg fnmatch
    fpu_control fstab fts ftw gconv getopt glob gnu-versions grp gshadow iconv ieee754 ifaddrs
    inttypes langinfo lastlog libgen libintl limits link locale malloc math mcheck memory mntent
    monetary mqueue netdb nl_types nss obstack paths poll printf proc_service pthread pty pwd
    re_comp regex regexp resolv rpc sched search semaphore setjmp sgtty shadow signal spawn stab
    stdc-predef stdint stdio stdio_ext stdlib string strings stropts syscall sysexits syslog tar
    termio termios tgmath thread_db threads time ttyent uchar ucontext ulimit unistd utime utmp
    utmpx values wait wchar wctype wordexp float stdarg stdbool stddef iso646 stdalign stdnoreturn
    stdatomic
"""
_HEADERS = frozenset(_LIBC_HEADERS.split())
"""Of the C standard, POSIX and the C libraries, directly below an include directory."""
_LIBRARY = re.compile(
    r"(crt\w*|Scrt1|Mcrt1|gcrt1|grcrt1|rcrt1)\.o"
    r"|(ld-linux[\w.-]*|ld-musl[\w.-]*|libc|libc_nonshared|libm|libm-[\d.]+|libmvec"
    r"|libmvec_nonshared|libpthread|libdl|librt|libutil|libanl|libresolv|libnsl|libcrypt"
    r"|libBrokenLocale|libg|libgcc|libgcc_eh|libgcc_s|libstdc\+\+|libsupc\+\+|libssp_nonshared"
    r"|libatomic|libgomp|libitm|libasan|libtsan|libubsan|liblsan|libquadmath|libgfortran)"
    r"\.(a|so)(\.[\d.]+)?"
)
_LIBRARY_DIRECTORY = re.compile(r"/(usr/)?(local/)?lib(32|64|x32)?(/[^/]+-linux-[^/]+)?")
_INCLUDE_DIRECTORY = re.compile(r"/usr/(local/)?include(/[^/]+-linux-[^/]+)?")


def is_toolchain(path: str, python: Iterable[str]) -> bool:
    """Return whether a path is of the toolchain; ``python`` are the interpreter's directories."""
    if any(path == each or path.startswith(f"{each}/") for each in python) or _DIRECTORY.match(
        path
    ):
        return True
    directory, _, name = path.rpartition("/")
    if _INCLUDE_DIRECTORY.fullmatch(directory):
        return name.endswith(".h") and name.removesuffix(".h") in _HEADERS
    if _LIBRARY_DIRECTORY.fullmatch(directory):
        return _LIBRARY.fullmatch(name) is not None
    return False
