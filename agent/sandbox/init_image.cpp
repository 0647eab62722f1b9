#include "agent/sandbox/init_image.h"

// NOLINTNEXTLINE(hicpp-no-assembler): the one way to embed a file as it is
asm(".pushsection .rodata\n"
    ".balign 16\n"
    ".globl reeve_sandbox_init_begin\n"
    "reeve_sandbox_init_begin:\n"
    ".incbin \"" REEVE_SANDBOX_INIT
    "\"\n"
    ".globl reeve_sandbox_init_end\n"
    "reeve_sandbox_init_end:\n"
    ".popsection\n");

extern "C" {
extern const std::uint8_t reeve_sandbox_init_begin[];
extern const std::uint8_t reeve_sandbox_init_end[];
}

namespace reeve::agent::sandbox {

ByteView init_image() {
  return {reeve_sandbox_init_begin,
          static_cast<std::size_t>(reeve_sandbox_init_end - reeve_sandbox_init_begin)};
}

}  // namespace reeve::agent::sandbox
