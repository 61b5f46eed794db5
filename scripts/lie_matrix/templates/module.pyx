cdef extern from "common.h":
    int COMMON_VALUE


def values():
    return COMMON_VALUE
