"""A windmill of 24 frames for Cycles: made by code alone, with its textures in files beside it."""

import math
import os
import sys

import bpy

FRAMES = 24


def texture(path, pixel, side=64):
    """Writes a picture of side x side pixels; pixel(x, y) gives red, green and blue of 0..1."""
    image = bpy.data.images.new(os.path.basename(path), side, side)
    image.pixels = [v for y in range(side) for x in range(side) for v in (*pixel(x, y), 1.0)]
    image.filepath_raw = path
    image.file_format = "PNG"
    image.save()
    bpy.data.images.remove(image)


def boards(x, y):
    seam = 0.55 if y % 16 < 2 or (x + 24 * (y // 16)) % 48 < 2 else 1.0
    return (0.50 * seam, 0.30 * seam, 0.16 * seam)


def meadow(x, y):
    tuft = 0.6 + 0.4 * ((x * 7 + y * 13 + x * y) % 11) / 10
    return (0.16 * tuft, 0.42 * tuft, 0.10 * tuft)


def material(name, picture=None, colour=(0.8, 0.8, 0.8), roughness=0.6):
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    shader = made.node_tree.nodes["Principled BSDF"]
    shader.inputs["Roughness"].default_value = roughness
    shader.inputs["Base Color"].default_value = (*colour, 1)
    if picture:
        node = made.node_tree.nodes.new("ShaderNodeTexImage")
        node.image = bpy.data.images.load(picture)
        made.node_tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
    return made


def paint(made):
    bpy.context.object.data.materials.append(made)
    return bpy.context.object


def build(textures):
    wood = material("boards", os.path.join(textures, "boards.png"))
    grass = material("meadow", os.path.join(textures, "meadow.png"), roughness=0.9)
    sail = material("sail", colour=(0.9, 0.86, 0.75))
    roof = material("roof", colour=(0.55, 0.10, 0.07), roughness=0.35)

    bpy.ops.mesh.primitive_plane_add(size=40)
    paint(grass)
    bpy.ops.mesh.primitive_cone_add(vertices=8, radius1=1.3, radius2=0.8, depth=3, location=(0, 0, 1.5))
    paint(wood)
    bpy.ops.mesh.primitive_cone_add(vertices=8, radius1=1.05, depth=1, location=(0, 0, 3.5))
    paint(roof)
    bpy.ops.object.empty_add(location=(0, -1.25, 2.7))
    hub = bpy.context.object
    for arm in range(4):
        bpy.ops.mesh.primitive_cube_add(size=1, location=(0.15, 0, 1.1), scale=(0.45, 0.04, 1.9))
        blade = paint(sail)
        pivot = bpy.data.objects.new(f"arm {arm}", None)
        bpy.context.scene.collection.objects.link(pivot)
        blade.parent = pivot
        pivot.parent = hub
        pivot.rotation_euler[1] = arm * math.pi / 2
    for frame, angle in ((1, 0), (FRAMES + 1, math.pi / 2)):
        hub.rotation_euler[1] = angle
        hub.keyframe_insert("rotation_euler", frame=frame)
    for curve in hub.animation_data.action.fcurves:
        for key in curve.keyframe_points:
            key.interpolation = "LINEAR"

    bpy.ops.object.light_add(type="SUN", rotation=(math.radians(50), 0, math.radians(-35)))
    bpy.context.object.data.energy = 4
    bpy.context.object.data.angle = math.radians(2)
    world = bpy.context.scene.world or bpy.data.worlds.new("sky")
    bpy.context.scene.world = world
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.45, 0.65, 1.0, 1)
    bpy.ops.object.camera_add(location=(4.6, -11.8, 3.0), rotation=(math.radians(86), 0, math.radians(21)))
    bpy.context.scene.camera = bpy.context.object


def main(folder):
    textures = os.path.join(folder, "textures")
    os.makedirs(textures, exist_ok=True)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.preferences.filepaths.save_version = 0
    texture(os.path.join(textures, "boards.png"), boards)
    texture(os.path.join(textures, "meadow.png"), meadow)
    build(textures)
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1, FRAMES
    scene.render.engine = "CYCLES"
    scene.render.resolution_x, scene.render.resolution_y = 640, 360
    scene.cycles.samples = 64
    bpy.ops.wm.save_as_mainfile(filepath=os.path.join(folder, "windmill.blend"), check_existing=False)
    bpy.ops.file.make_paths_relative()
    bpy.ops.wm.save_mainfile()


main(os.path.abspath(sys.argv[sys.argv.index("--") + 1]))
