"""CRC-64/NVME, written apart from the program's own, to check what manifests say of files."""

_POLYNOMIAL = 0x9A6C9329AC4BC9B5  # reflected


def _table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (_POLYNOMIAL if byte & 1 else 0)
        table.append(byte)
    return table


_TABLE = _table()


def crc64_nvme(data: bytes) -> str:
    """As manifests write it: "crc64nvme:" and 16 hex digits."""
    value = 0xFFFFFFFFFFFFFFFF
    for byte in data:
        value = _TABLE[(value ^ byte) & 0xFF] ^ value >> 8
    return f"crc64nvme:{value ^ 0xFFFFFFFFFFFFFFFF:016x}"
