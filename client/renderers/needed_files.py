"""Says which files outside of itself the open scene needs: a line "reeve:found PATH" or "reeve:missing PATH" for each."""

import glob
import os
import re

import bpy

sequences = {bpy.path.abspath(image.filepath) for image in bpy.data.images if image.source == "SEQUENCE"}
for path in sorted(set(bpy.utils.blend_paths(absolute=True, packed=False))):
    pattern = glob.escape(path).replace("<UDIM>", "[0-9]" * 4)
    if path in sequences:
        pattern = re.sub(r"\d+(?=\D*$)", lambda digits: "[0-9]" * len(digits.group()), pattern)
    found = [file for file in glob.glob(pattern) if os.path.isfile(file)]
    for file in sorted(found):
        print("reeve:found", os.path.realpath(file))
    if not found:
        print("reeve:missing", path)
