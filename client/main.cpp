#include <sys/stat.h>
#include <unistd.h>

#include <iostream>

#include "client/command_line.h"
#include "client/socket_transport.h"

namespace {

bool same_file(int a, int b) {
  struct stat first {};
  struct stat second {};
  return fstat(a, &first) == 0 && fstat(b, &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

}  // namespace

int main(int argc, char** argv) {
  const reeve::client::Output::Streams streams{std::cout, std::cerr, isatty(STDOUT_FILENO) != 0,
                                               isatty(STDERR_FILENO) != 0,
                                               same_file(STDOUT_FILENO, STDERR_FILENO)};
  return reeve::client::run(argc, argv, streams, reeve::client::process_environment(),
                            reeve::client::socket_connector());
}
