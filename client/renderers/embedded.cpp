#include "client/renderers/embedded.h"

// NOLINTBEGIN(hicpp-no-assembler): the one way to embed a file as it is
#define REEVE_EMBED(name, file)                                                                   \
  asm(".pushsection .rodata\n"                                                                    \
      ".globl reeve_" #name "_begin\nreeve_" #name "_begin:\n.incbin \"" REEVE_RENDERERS "/" file \
      "\"\n.globl reeve_" #name "_end\nreeve_" #name "_end:\n.popsection\n")

REEVE_EMBED(blender_yaml, "blender.yaml");
REEVE_EMBED(povray_yaml, "povray.yaml");
REEVE_EMBED(film_yaml, "film.yaml");
REEVE_EMBED(needed_files_py, "needed_files.py");
// NOLINTEND(hicpp-no-assembler)

extern "C" {
extern const char reeve_blender_yaml_begin[];
extern const char reeve_blender_yaml_end[];
extern const char reeve_povray_yaml_begin[];
extern const char reeve_povray_yaml_end[];
extern const char reeve_film_yaml_begin[];
extern const char reeve_film_yaml_end[];
extern const char reeve_needed_files_py_begin[];
extern const char reeve_needed_files_py_end[];
}

namespace reeve::client {

std::string_view blender_yaml() {
  return {reeve_blender_yaml_begin, reeve_blender_yaml_end};
}
std::string_view povray_yaml() {
  return {reeve_povray_yaml_begin, reeve_povray_yaml_end};
}
std::string_view film_yaml() {
  return {reeve_film_yaml_begin, reeve_film_yaml_end};
}
std::string_view needed_files_py() {
  return {reeve_needed_files_py_begin, reeve_needed_files_py_end};
}

}  // namespace reeve::client
