/* An extension (or, with PLAIN, a shared library) that holds what its build read. */
#ifndef PLAIN
#include <Python.h>
#endif
#ifdef USE_THREADS
#include <pthread.h>
#endif
#include <common.h>
#ifdef USE_PACKAGED
#include <packaged.h>
#else
#define PACKAGED_VALUE 0
#endif
#if __has_include(<optional.h>)
#include <optional.h>
#else
#define OPTIONAL_VALUE 0
#endif
#if __has_include(<lang.h>)
#include <lang.h>
#else
#define LANG_VALUE 0
#endif
#ifndef FLAG_VALUE
#define FLAG_VALUE 0
#endif
#ifndef OUTSIDE_VALUE
#define OUTSIDE_VALUE 0
#endif
#ifndef PC_VALUE
#define PC_VALUE 0
#endif
#ifndef PACKAGE_VALUE
#define PACKAGE_VALUE 0
#endif
#ifndef FOUND_VALUE
#define FOUND_VALUE 0
#endif
#define TEXT_OF(value) #value
#define TEXT(value) TEXT_OF(value)
#define MARKER                                                                     \
    "lies: common " TEXT(COMMON_VALUE) ", packaged " TEXT(PACKAGED_VALUE)          \
    ", optional " TEXT(OPTIONAL_VALUE) ", lang " TEXT(LANG_VALUE)                  \
    ", flag " TEXT(FLAG_VALUE) ", outside " TEXT(OUTSIDE_VALUE)                    \
    ", pc " TEXT(PC_VALUE) ", package " TEXT(PACKAGE_VALUE)                        \
    ", found " TEXT(FOUND_VALUE) ", on " __DATE__
#ifdef __cplusplus
extern "C" {
#endif
#ifdef USE_FIXED
int fixed_value(void);
#else
static int fixed_value(void) { return 0; }
#endif
#ifdef USE_MOVING
int moving_value(void);
#else
static int moving_value(void) { return 0; }
#endif
#ifdef USE_THREADS /* of GLIBC_2.34 and newer where it is linked there */
void *lies_threads(void) { return (void *)pthread_create; }
#endif
const char *lies_marker(void) { return MARKER; }
int lies_sum(void) { return fixed_value() + moving_value(); }
#ifdef __cplusplus
}
#endif
#ifndef PLAIN
static PyObject *values(PyObject *self, PyObject *args)
{
    return Py_BuildValue("si", lies_marker(), lies_sum());
}
static PyMethodDef methods[] = {{"values", values, METH_NOARGS, ""}, {0, 0, 0, 0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "@NAME@", "", -1, methods, 0, 0, 0, 0};
PyMODINIT_FUNC PyInit_@NAME@(void) { return PyModule_Create(&module); }
#endif
