"""Lets PyTorch's wheel of PyPI, which is built for CUDA, load without CUDA's libraries: 3 GB less to fetch and to keep.

usage: torch_without_cuda.py SITE_PACKAGES

The wheel's libraries need those of CUDA, and the loader of Linux wants a file for each and an address for each function.
This writes a small shared library in place of each that is missing, with the functions that are asked of it; none can be
called, and computing on the CPU calls none. The CUDA runtime must be there, since loading itself calls it.
"""

import struct
import sys
from pathlib import Path

NEEDED, SONAME, HASH, STRTAB, SYMTAB, STRSZ, SYMENT = 1, 14, 4, 5, 6, 10, 11  # tags of a dynamic section
CUDA, FUNCTIONS = ("libcu", "libnv", "libnccl"), ("cu", "nccl", "nv")
DRIVER = "libcuda.so.1"  # looked for when a GPU is asked for; that there is none must stay true
VERSYM, VERDEF, VERDEFNUM = 0x6FFFFFF0, 0x6FFFFFFC, 0x6FFFFFFD
DYNAMIC_SECTION, SYMBOLS_SECTION, VERSYM_SECTION, VERNEED_SECTION = 6, 11, 0x6FFFFFFF, 0x6FFFFFFE
SYMBOL = struct.Struct("<IBBHQQ")
FUNCTION = 0x12  # global


def text(data, at):
    return data[at : data.index(b"\0", at)].decode()


def sections(data):
    """Offset, length and strings of each section of an ELF file that says what it needs, by type."""
    start, size, count = struct.unpack_from("<Q", data, 0x28)[0], *struct.unpack_from("<HH", data, 0x3A)
    headers = [struct.unpack_from("<IIQQQQI", data, start + i * size) for i in range(count)]
    return {kind: (at, length, headers[link][4] if link < count else 0) for _, kind, _, _, at, length, link in headers}


def needs(file):
    """What one file needs of others: libraries, and names with library and version where it says them.

    Returns:
        set of libraries, dict of (library, version) or None by name, set of names that it defines
    """
    data = file.read_bytes()
    if data[:6] != b"\x7fELF\x02\x01":
        return set(), {}, set()
    parts = sections(data)
    at, length, strings = parts[DYNAMIC_SECTION]
    tags = (struct.unpack_from("<qQ", data, i) for i in range(at, at + length, 16))
    libraries = {text(data, strings + value) for tag, value in tags if tag == NEEDED}
    versions, (at, length, strings) = {}, parts.get(VERNEED_SECTION, (0, 0, 0))
    while length:
        _, count, library, first, following = struct.unpack_from("<HHIII", data, at)
        entry = at + first
        for _ in range(count):
            _, _, index, name, more = struct.unpack_from("<IHHII", data, entry)
            versions[index] = (text(data, strings + library), text(data, strings + name))
            entry += more
        at, length = at + following, following
    missing, defined, (at, length, strings) = {}, set(), parts[SYMBOLS_SECTION]
    for i in range(1, length // SYMBOL.size):
        name, _, _, section, _, _ = SYMBOL.unpack_from(data, at + i * SYMBOL.size)
        if section:
            defined.add(text(data, strings + name))
            continue
        index = struct.unpack_from("<H", data, parts[VERSYM_SECTION][0] + 2 * i)[0] if VERSYM_SECTION in parts else 0
        missing[text(data, strings + name)] = versions.get(index & 0x7FFF)
    return libraries, missing, defined


def elf_hash(name):
    h = 0
    for c in name.encode():
        h = (h << 4) + c
        g = h & 0xF0000000
        h = (h ^ g >> 24) & ~g & 0xFFFFFFFF
    return h


def library(machine, soname, functions):
    """A shared library.

    Args:
        machine: ELF's number of the processor
        functions: version (None: none) by name; all lie at one address, which nobody calls
    """
    strings, places = b"\0", {}
    versions = sorted({version for version in functions.values() if version})
    for name in [soname, *versions, *functions]:
        if name not in places:
            places[name] = len(strings)
            strings += name.encode() + b"\0"
    count, buckets = len(functions) + 1, max(1, len(functions))
    heads, chains = [0] * buckets, [0] * count
    for i, name in enumerate(functions, 1):
        bucket = elf_hash(name) % buckets
        chains[i], heads[bucket] = heads[bucket], i
    indices = {None: 1, **{version: i for i, version in enumerate(versions, 2)}}
    definitions = b""
    for i, name in enumerate([soname, *versions], 1):  # the first is the library itself
        following = 0 if i == len(versions) + 1 else 28
        definitions += struct.pack("<HHHHIII", 1, int(i == 1), i, 1, elf_hash(name), 20, following)
        definitions += struct.pack("<II", places[name], 0)
    at_dynamic, tags = 64 + 3 * 56, 10
    parts = {  # each begins at a multiple of 8
        SYMTAB: bytes(SYMBOL.size) + b"".join(SYMBOL.pack(places[n], FUNCTION, 0, 1, at_dynamic, 0) for n in functions),
        HASH: struct.pack(f"<II{buckets}I{count}I", buckets, count, *heads, *chains),
        VERSYM: struct.pack(f"<{count}H", 0, *(indices[version] for version in functions.values())),
        VERDEF: definitions,
        STRTAB: strings,
    }
    dynamic, body, end = [(SONAME, places[soname])], b"", at_dynamic + 16 * tags
    for tag, content in parts.items():
        dynamic.append((tag, end))
        body += content + bytes(-len(content) % 8)
        end = at_dynamic + 16 * tags + len(body)
    dynamic += [(STRSZ, len(strings)), (SYMENT, SYMBOL.size), (VERDEFNUM, len(versions) + 1), (0, 0)]
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 3, machine, 1, 0, 64, 0, 0, 64, 56, 3, 64, 0, 0)
    # to be written to, since the loader puts addresses into the dynamic section; and a stack without code
    header += struct.pack("<IIQQQQQQ", 1, 6, 0, 0, 0, end, end, 4096)
    header += struct.pack("<IIQQQQQQ", 2, 6, at_dynamic, at_dynamic, at_dynamic, 16 * tags, 16 * tags, 8)
    header += struct.pack("<IIQQQQQQ", 0x6474E551, 6, 0, 0, 0, 0, 0, 16)
    return header + b"".join(struct.pack("<qQ", *tag) for tag in dynamic) + body


def main(site):
    folder = site / "torch" / "lib"
    libraries, missing, defined, there = set(), {}, set(), set()
    for file in [*folder.glob("*.so*"), *site.glob("nvidia/**/*.so*")]:
        more = needs(file)
        libraries, missing, defined = libraries | more[0], missing | more[1], defined | more[2]
        there.add(file.name)
    away = {name for name in libraries - there - {DRIVER} if name.startswith(CUDA)}
    machine = struct.unpack_from("<H", next(folder.glob("libtorch_cpu.so")).read_bytes(), 18)[0] if away else 0
    for name in away:
        functions = {}
        for function, of in missing.items():
            if of is None and function not in defined and function.startswith(FUNCTIONS):
                functions[function] = None
            elif of is not None and of[0] == name:
                functions[function] = of[1]
        (folder / name).write_bytes(library(machine, name, functions))
    print(f"{len(away)} libraries of CUDA are stood in for", file=sys.stderr)


main(Path(sys.argv[1]))
