#!/usr/bin/env python3
"""Makes an image of this machine's own files, without a network: make_image.py OUT.tar oci|docker PATH...

Each PATH is a program or a folder of this machine; libraries that programs load come along. The image has two layers (gzip in an OCI
archive): the second hides a file of the first, and adds /srv/greeting.
"""

import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def libraries_of(program):
    said = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return [word for line in said.splitlines() for word in line.split() if word.startswith("/")]


def files_of(paths):
    """Every path with what it needs, none twice, in order."""
    names = {}
    for path in paths:
        found = [path]
        if os.path.isdir(path):
            found += [os.path.join(folder, name) for folder, _, files in os.walk(path) for name in files
                      if "__pycache__" not in folder]
        for name in found:
            names[name] = None
            if os.path.isfile(name) and (os.access(name, os.X_OK) or ".so" in name):
                names.update(dict.fromkeys(libraries_of(name)))
    return names


def tar_of(members):
    """members: (name, file of this machine) or (name, bytes)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in members:
            if isinstance(content, bytes):
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
            else:
                tar.add(os.path.realpath(content), arcname=name, recursive=False)
    return out.getvalue()


def save(path, members):
    with open(path, "wb") as out:
        out.write(tar_of(members))


def main():
    out, kind, *paths = sys.argv[1:]
    layers = [
        tar_of([("srv/hidden", b"of the first layer\n")] + [(name.lstrip("/"), name) for name in files_of(paths)]),
        tar_of([("srv/.wh.hidden", b""), ("srv/greeting", b"hello from the image\n")]),
    ]
    config = json.dumps({
        "os": "linux",
        "architecture": "amd64",
        "config": {"Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "FROM_IMAGE=yes", "HOME=/root"], "Entrypoint": ["/bin/false"]},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sha256(layer) for layer in layers]},
    }).encode()
    if kind == "docker":
        save(out, [(f"{i}/layer.tar", layer) for i, layer in enumerate(layers)] + [
            ("config.json", config),
            ("manifest.json", json.dumps([{"Config": "config.json", "RepoTags": ["test:latest"],
                                           "Layers": [f"{i}/layer.tar" for i in range(len(layers))]}]).encode())])
        return
    blobs = []

    def descriptor(data, media_type):
        blobs.append(("blobs/sha256/" + sha256(data), data))
        return {"mediaType": "application/vnd.oci.image." + media_type, "digest": "sha256:" + sha256(data), "size": len(data)}

    stored = [descriptor(gzip.compress(layer, 1, mtime=0), "layer.v1.tar+gzip") for layer in layers]
    manifest = json.dumps({"schemaVersion": 2, "config": descriptor(config, "config.v1+json"), "layers": stored}).encode()
    index = json.dumps({"schemaVersion": 2, "manifests": [descriptor(manifest, "manifest.v1+json")]}).encode()
    save(out, [("oci-layout", b'{"imageLayoutVersion": "1.0.0"}'), ("index.json", index), *blobs])


main()
