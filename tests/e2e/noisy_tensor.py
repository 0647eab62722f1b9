"""noisy_tensor.py NOISE OUT: a .npy of 1,000 binary64 numbers, each off by up to NOISE of itself, as sums in another order are."""
import random
import struct
import sys

noise = float(sys.argv[1])
chance = random.SystemRandom()
header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000,), }"
header += " " * (-(len(header) + 11) % 64) + "\n"
with open(sys.argv[2], "wb") as out:
    out.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
    out.write(struct.pack("<1000d", *(k * (1 + noise * chance.uniform(-1, 1)) for k in range(1, 1001))))
