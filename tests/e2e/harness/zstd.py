"""Inflates what the audit log has sealed, with the library that the proxy uses, too."""
import ctypes


def decompress(data):
    lib = ctypes.CDLL("libzstd.so.1")
    lib.ZSTD_decompress.restype = ctypes.c_size_t
    lib.ZSTD_decompress.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
    lib.ZSTD_isError.argtypes = [ctypes.c_size_t]
    size = 16 * len(data) + 4096
    for _ in range(8):  # the size is not in the frame
        out = ctypes.create_string_buffer(size)
        done = lib.ZSTD_decompress(out, size, data, len(data))
        if not lib.ZSTD_isError(done):
            return out.raw[:done]
        size *= 4
    raise ValueError("not zstd")
