#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "protocol/bytes.h"
#include "protocol/result.h"

struct archive;

namespace reeve::agent::image {

/// The next bytes of a stream, valid until the next call; none at its end.
using Pull = std::function<Result<ByteView>()>;

struct FreeReader {
  void operator()(archive* reader) const;
};
/// libarchive's reader. Not opened.
using Reader = std::unique_ptr<archive, FreeReader>;
Reader make_reader();

/// The text of entries is taken as UTF-8 while one of these is there, whatever the program's own locale.
class Utf8Names {
 public:
  Utf8Names();
  ~Utf8Names();
  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;

 private:
  void* ours_ = nullptr;
  void* before_ = nullptr;
};

/// Feeds a reader what a stream gives. Must outlive the reader.
class Feed {
 public:
  explicit Feed(Pull pull) : pull_(std::move(pull)) {}
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  Result<void> open(const Reader& reader, const std::string& what);
  /// Why the reader failed: the stream's own error, or libarchive's words about `what`.
  Error why(const Reader& reader, const std::string& what) const;

 private:
  static long read(archive* reader, void* self, const void** bytes);

  Pull pull_;
  std::optional<Error> error_;
};

/// All bytes of the reader's current entry. The reader must outlive it.
Pull entry_data(const Reader& reader, const Feed* feed, const std::string& what);

/// An image that breaks a rule of images.
Error broken(const std::string& what);

}  // namespace reeve::agent::image
