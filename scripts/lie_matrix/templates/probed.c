#include <Python.h>
static PyObject *values(PyObject *self, PyObject *args) { return Py_BuildValue("si", ALL, PC_VALUE); }
static PyMethodDef methods[] = {{"values", values, METH_NOARGS, ""}, {0, 0, 0, 0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "@NAME@", "", -1, methods, 0, 0, 0, 0};
PyMODINIT_FUNC PyInit_@NAME@(void) { return PyModule_Create(&module); }
