#include <unistd.h>

#include <iostream>

#include "client/command_line.h"
#include "client/socket_transport.h"

int main(int argc, char** argv) {
  const reeve::client::Output::Streams streams{std::cout, std::cerr, isatty(STDOUT_FILENO) != 0,
                                               isatty(STDERR_FILENO) != 0};
  return reeve::client::run(argc, argv, streams, reeve::client::process_environment(),
                            reeve::client::socket_connector());
}
