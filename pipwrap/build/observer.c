/* Preloaded into every process of a build (ld.so(8), LD_PRELOAD): appends what the process reads
   to the file that PIPWRAP_OBSERVE names, one line "kind<TAB>name", one write(2) a line.

   file     a file that was opened for reading
   text     the same, by a program that takes variables from its environment without asking
   absent   a path that was looked for in vain
   made     a file that was opened for writing: to read it later is no input
   listed   a directory whose entries were listed
   searched the same, by a program that looks for packages
   run      a program that was started, by its path
   args     the arguments of a program that names variables in them, separated by U+001F
   env      a variable that was asked for
   blind    a program that was started without this library

   C99 and POSIX, glibc 2.17 and musl. Only the public functions are interposed: calls inside the C
   library (locales, time zones, the loader's own) are not seen. A line that was written before is
   dropped. The file is opened for each line: a descriptor that stays open would be another file's
   after a program has closed all of them. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define VARIABLE "PIPWRAP_OBSERVE"
#define PRELOAD "LD_PRELOAD"
#define LONGEST 8192
#define SLOTS 32768 /* a power of two; when all are taken, lines repeat */

extern char **environ;

static uint64_t seen[SLOTS];
static uint64_t seen_for;
static int reads_environment, searches_packages;

static uint64_t hashed(uint64_t hash, const char *text, size_t length) {
    while (length--) hash = (hash ^ (unsigned char)*text++) * 1099511628211ULL; /* FNV-1a */
    return hash;
}

static const char *value_in(char *const block[], const char *name) {
    size_t length = strlen(name);
    if (block)
        for (; *block; block++)
            if (!strncmp(*block, name, length) && (*block)[length] == '=') return *block + length + 1;
    return NULL;
}

/* Return whether a line is new; the lines of another file are other lines. */
static int is_new(const char *log, const char *line, size_t length) {
    uint64_t which = hashed(14695981039346656037ULL, log, strlen(log));
    uint64_t hash = hashed(which, line, length) | 1;
    if (__atomic_exchange_n(&seen_for, which, __ATOMIC_RELAXED) != which)
        for (int i = 0; i < SLOTS; i++) __atomic_store_n(&seen[i], 0, __ATOMIC_RELAXED);
    for (uint64_t i = 0; i < 64; i++) {
        uint64_t *slot = &seen[(hash + i) & (SLOTS - 1)], empty = 0;
        if (__atomic_load_n(slot, __ATOMIC_RELAXED) == hash) return 0;
        if (__atomic_compare_exchange_n(slot, &empty, hash, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) return 1;
        if (empty == hash) return 0;
    }
    return 1;
}

static void note(const char *kind, const char *text, size_t length) {
    const char *log = value_in(environ, VARIABLE);
    char line[LONGEST + 64];
    size_t begin = strlen(kind);
    int kept = errno;
    if (!log || !*log || !length || length > LONGEST || memchr(text, '\n', length)) return;
    memcpy(line, kind, begin);
    line[begin++] = '\t';
    memcpy(line + begin, text, length);
    line[begin + length] = '\n';
    if (is_new(log, line, begin + length)) {
        int out = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        if (out >= 0) {
            ssize_t written = syscall(SYS_write, out, line, begin + length + 1);
            (void)written;
            syscall(SYS_close, out);
        }
    }
    errno = kept;
}

/* Note a path, made absolute by the directory that it is relative to. */
static void note_path(const char *kind, int directory, const char *path) {
    char whole[LONGEST];
    size_t length, rest;
    int kept = errno;
    if (!path || !*path) return;
    rest = strlen(path);
    if (*path == '/') {
        note(kind, path, rest);
        return;
    }
    if (directory == AT_FDCWD) {
        long got = syscall(SYS_getcwd, whole, sizeof whole);
        length = got > 0 ? (size_t)got - 1 : 0;
    } else {
        char link[64];
        ssize_t got;
        snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
        got = syscall(SYS_readlinkat, AT_FDCWD, link, whole, sizeof whole);
        length = got > 0 ? (size_t)got : 0;
    }
    if (length && length + rest + 1 < sizeof whole) {
        whole[length++] = '/';
        memcpy(whole + length, path, rest);
        note(kind, whole, length + rest);
    }
    errno = kept;
}

static int is_absence(void) { return errno == ENOENT || errno == ENOTDIR; }

static void note_opened(int directory, const char *path, int flags, int is_open) {
    if (flags & O_PATH) return;
    if (!is_open) {
        if (is_absence()) note_path("absent", directory, path);
    } else if ((flags & O_ACCMODE) == O_RDONLY)
        note_path(flags & O_DIRECTORY ? "listed" : reads_environment ? "text" : "file", directory, path);
    else if (flags & (O_CREAT | O_TRUNC))
        note_path("made", directory, path);
    else
        note_path("file", directory, path);
}

static void note_looked(int directory, const char *path, int found) {
    if (!found && is_absence()) note_path("absent", directory, path);
}

static int is_one_of(const char *path, const char *const names[]) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    for (; *names; names++)
        if (!strcmp(name, *names)) return 1;
    return 0;
}

/* Programs that have their variables from the environment block, which no call shows. */
static const char *const TAKES_ENVIRONMENT[] = {
    "sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "busybox", "make", "gmake", "gnumake", "perl",
    "awk", "gawk", "mawk", "nawk", "printenv", "env", "m4", "envsubst", NULL};

/* Programs that list the directories of a prefix for names that begin as a package is called. */
static const char *const SEARCHES_PACKAGES[] = {"cmake", "ctest", "cpack", NULL};

static void note_program(const char *path, char *const arguments[], char *const block[]) {
    const char *log = value_in(environ, VARIABLE), *passed = value_in(block, VARIABLE);
    const char *preload = value_in(block, PRELOAD), *own = value_in(environ, PRELOAD);
    int kept = errno;
    if (!path || syscall(SYS_faccessat, AT_FDCWD, path, X_OK, 0)) {
        errno = kept;
        return;
    }
    note_path("run", AT_FDCWD, path);
    if (log && (!passed || strcmp(passed, log) || !preload || (own && !strstr(preload, own))))
        note_path("blind", AT_FDCWD, path);
    if (arguments && arguments[0] && (is_one_of(path, TAKES_ENVIRONMENT) || is_one_of(arguments[0], TAKES_ENVIRONMENT))) {
        char text[LONGEST];
        size_t length = 0;
        for (int i = 0; arguments[i] && length + 1 < sizeof text; i++) {
            if (i) text[length++] = '\x1f';
            for (const char *each = arguments[i]; *each && length < sizeof text - 1; each++)
                text[length++] = *each == '\n' ? ' ' : *each;
        }
        note("args", text, length);
    }
    errno = kept;
}

/* Note a program that is searched for on PATH, or that it is on none of its directories. */
static void note_searched(const char *name, char *const arguments[], char *const block[]) {
    const char *path = value_in(environ, "PATH");
    if (!name || strchr(name, '/')) {
        note_program(name, arguments, block);
        return;
    }
    for (const char *end; path; path = *end ? end + 1 : NULL) {
        char whole[LONGEST];
        int kept = errno, found;
        end = strchr(path, ':');
        if (!end) end = path + strlen(path);
        if ((size_t)(end - path) + strlen(name) + 2 > sizeof whole) continue;
        snprintf(whole, sizeof whole, "%.*s/%s", (int)(end - path), path, name);
        found = !syscall(SYS_faccessat, AT_FDCWD, whole, X_OK, 0);
        errno = kept;
        if (found) {
            note_program(whole, arguments, block);
            return;
        }
    }
    note("missing", name, strlen(name));
}

__attribute__((constructor)) static void begin(void) {
    char path[LONGEST];
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", path, sizeof path - 1);
    if (length > 0) {
        path[length] = 0;
        reads_environment = is_one_of(path, TAKES_ENVIRONMENT);
        searches_packages = is_one_of(path, SEARCHES_PACKAGES);
    }
}

/* The interposed functions. */

#define NEXT(result, name, ...)                                    \
    static result (*next)(__VA_ARGS__);                            \
    if (!next) *(void **)&next = dlsym(RTLD_NEXT, name)

#define MODE                                  \
    mode_t mode = 0;                          \
    if (flags & (O_CREAT | __O_TMPFILE)) {    \
        va_list rest;                         \
        va_start(rest, flags);                \
        mode = (mode_t)va_arg(rest, int);     \
        va_end(rest);                         \
    }

#define OPEN(name)                                                      \
    int name(const char *path, int flags, ...) {                       \
        MODE                                                            \
        NEXT(int, #name, const char *, int, ...);                       \
        int result = next(path, flags, mode);                           \
        note_opened(AT_FDCWD, path, flags, result >= 0);                \
        return result;                                                  \
    }

#define OPENAT(name)                                                    \
    int name(int directory, const char *path, int flags, ...) {         \
        MODE                                                            \
        NEXT(int, #name, int, const char *, int, ...);                  \
        int result = next(directory, path, flags, mode);                \
        note_opened(directory, path, flags, result >= 0);               \
        return result;                                                  \
    }

#define FOPEN(name)                                                     \
    FILE *name(const char *path, const char *mode) {                    \
        NEXT(FILE *, #name, const char *, const char *);                \
        FILE *result = next(path, mode);                                \
        int flags = *mode == 'r' ? O_RDONLY : O_WRONLY | O_CREAT;       \
        note_opened(AT_FDCWD, path, flags, result != NULL);             \
        return result;                                                  \
    }

#define LOOK(name, type)                                                \
    int name(const char *path, type what) {                             \
        NEXT(int, #name, const char *, type);                           \
        int result = next(path, what);                                  \
        note_looked(AT_FDCWD, path, !result);                           \
        return result;                                                  \
    }

#undef open
#undef open64
#undef openat
#undef openat64
#undef fopen
#undef fopen64
#undef stat
#undef stat64
#undef lstat
#undef lstat64
OPEN(open)
OPENAT(openat)
FOPEN(fopen)
LOOK(access, int)
LOOK(eaccess, int)
LOOK(euidaccess, int)
LOOK(stat, struct stat *)
LOOK(lstat, struct stat *)
#ifdef __GLIBC__
OPEN(open64)
OPENAT(openat64)
FOPEN(fopen64)
LOOK(stat64, struct stat64 *)
LOOK(lstat64, struct stat64 *)

int __open_2(const char *path, int flags) {
    NEXT(int, "__open_2", const char *, int);
    int result = next(path, flags);
    note_opened(AT_FDCWD, path, flags, result >= 0);
    return result;
}
int __open64_2(const char *path, int flags) {
    NEXT(int, "__open64_2", const char *, int);
    int result = next(path, flags);
    note_opened(AT_FDCWD, path, flags, result >= 0);
    return result;
}
int __openat_2(int directory, const char *path, int flags) {
    NEXT(int, "__openat_2", int, const char *, int);
    int result = next(directory, path, flags);
    note_opened(directory, path, flags, result >= 0);
    return result;
}
int __openat64_2(int directory, const char *path, int flags) {
    NEXT(int, "__openat64_2", int, const char *, int);
    int result = next(directory, path, flags);
    note_opened(directory, path, flags, result >= 0);
    return result;
}
/* What programs linked against glibc before 2.33 call. */
#define OLD_LOOK(name, type)                                            \
    int name(int version, const char *path, type what) {                \
        NEXT(int, #name, int, const char *, type);                      \
        int result = next ? next(version, path, what) : -1;             \
        note_looked(AT_FDCWD, path, !result);                           \
        return result;                                                  \
    }
OLD_LOOK(__xstat, struct stat *)
OLD_LOOK(__xstat64, struct stat64 *)
OLD_LOOK(__lxstat, struct stat *)
OLD_LOOK(__lxstat64, struct stat64 *)

int fstatat64(int directory, const char *path, struct stat64 *what, int flags) {
    NEXT(int, "fstatat64", int, const char *, struct stat64 *, int);
    int result = next(directory, path, what, flags);
    note_looked(directory, path, !result);
    return result;
}
int statx(int directory, const char *restrict path, int flags, unsigned mask, struct statx *restrict what) {
    NEXT(int, "statx", int, const char *, int, unsigned, struct statx *);
    int result = next(directory, path, flags, mask, what);
    note_looked(directory, path, !result);
    return result;
}
char *secure_getenv(const char *name) {
    NEXT(char *, "secure_getenv", const char *);
    note("env", name, strlen(name));
    return next(name);
}
#endif

int fstatat(int directory, const char *restrict path, struct stat *restrict what, int flags) {
    NEXT(int, "fstatat", int, const char *, struct stat *, int);
    int result = next(directory, path, what, flags);
    note_looked(directory, path, !result);
    return result;
}
int faccessat(int directory, const char *path, int mode, int flags) {
    NEXT(int, "faccessat", int, const char *, int, int);
    int result = next(directory, path, mode, flags);
    note_looked(directory, path, !result);
    return result;
}
int creat(const char *path, mode_t mode) {
    NEXT(int, "creat", const char *, mode_t);
    int result = next(path, mode);
    note_opened(AT_FDCWD, path, O_WRONLY | O_CREAT, result >= 0);
    return result;
}
int rename(const char *from, const char *to) {
    NEXT(int, "rename", const char *, const char *);
    int result = next(from, to);
    if (!result) note_path("made", AT_FDCWD, to);
    return result;
}
int renameat(int from_directory, const char *from, int directory, const char *to) {
    NEXT(int, "renameat", int, const char *, int, const char *);
    int result = next(from_directory, from, directory, to);
    if (!result) note_path("made", directory, to);
    return result;
}
DIR *opendir(const char *path) {
    NEXT(DIR *, "opendir", const char *);
    DIR *result = next(path);
    if (result) note_path(searches_packages ? "searched" : "listed", AT_FDCWD, path);
    else note_looked(AT_FDCWD, path, 0);
    return result;
}
char *getenv(const char *name) {
    note("env", name, strlen(name));
    return (char *)value_in(environ, name);
}

int execve(const char *path, char *const arguments[], char *const block[]) {
    NEXT(int, "execve", const char *, char *const *, char *const *);
    int result;
    note_program(path, arguments, block);
    result = next(path, arguments, block);
    if (is_absence()) note_path("absent", AT_FDCWD, path);
    return result;
}
int execv(const char *path, char *const arguments[]) {
    NEXT(int, "execv", const char *, char *const *);
    note_program(path, arguments, environ);
    int result = next(path, arguments);
    if (is_absence()) note_path("absent", AT_FDCWD, path);
    return result;
}
int execvp(const char *name, char *const arguments[]) {
    NEXT(int, "execvp", const char *, char *const *);
    note_searched(name, arguments, environ);
    return next(name, arguments);
}
int execvpe(const char *name, char *const arguments[], char *const block[]) {
    NEXT(int, "execvpe", const char *, char *const *, char *const *);
    note_searched(name, arguments, block);
    return next(name, arguments, block);
}
int posix_spawn(pid_t *restrict process, const char *restrict path,
                const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *restrict attributes,
                char *const arguments[restrict], char *const block[restrict]) {
    NEXT(int, "posix_spawn", pid_t *, const char *, const posix_spawn_file_actions_t *,
         const posix_spawnattr_t *, char *const *, char *const *);
    note_program(path, arguments, block);
    int result = next(process, path, actions, attributes, arguments, block);
    if (result == ENOENT || result == ENOTDIR) note_path("absent", AT_FDCWD, path);
    return result;
}
int posix_spawnp(pid_t *restrict process, const char *restrict name,
                 const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *restrict attributes,
                 char *const arguments[restrict], char *const block[restrict]) {
    NEXT(int, "posix_spawnp", pid_t *, const char *, const posix_spawn_file_actions_t *,
         const posix_spawnattr_t *, char *const *, char *const *);
    note_searched(name, arguments, block);
    return next(process, name, actions, attributes, arguments, block);
}
