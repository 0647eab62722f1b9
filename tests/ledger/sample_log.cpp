#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/protocol/tlog/sample_log.h"

// Writes a log of SIZE small entries into DIR, as files: what other implementations are asked to verify.
int main(int argc, char** argv) {
  using namespace reeve::tlog;
  if (argc != 3) {
    std::fprintf(stderr, "reeve-sample-log SIZE DIR\n");
    return 2;
  }
  const SampleLog log(std::strtoull(argv[1], nullptr, 10));
  const std::filesystem::path folder = argv[2];
  const auto write = [&folder](const std::string& name, std::string_view text) {
    std::filesystem::create_directories((folder / name).parent_path());
    std::ofstream file(folder / name, std::ios::binary);
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
  };
  const auto done = for_each_tile(log.size(), [&](const TileName& name) -> reeve::Result<void> {
    const reeve::Bytes bytes = log.tile(name);
    write(tile_path(name), {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    return {};
  });
  const std::string origin = "reeve.test/sample";
  write("checkpoint", log.checkpoint(origin, sample_signer()));
  write("vkey", vkey_text({origin, sample_signer().public_key()}) + "\n");
  return done.ok() ? 0 : 1;
}
