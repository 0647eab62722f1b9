#include "agent/image/reader.h"

#include <archive.h>
#include <locale.h>  // NOLINT(modernize-deprecated-headers): uselocale is POSIX's
#include <clocale>

#include <cerrno>

namespace reeve::agent::image {

void FreeReader::operator()(archive* reader) const {
  archive_read_free(reader);
}

Reader make_reader() {
  return Reader(archive_read_new());
}

Utf8Names::Utf8Names() {
  const auto ours = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  if (ours == nullptr) return;
  ours_ = ours;
  before_ = uselocale(ours);
}

Utf8Names::~Utf8Names() {
  if (ours_ == nullptr) return;
  uselocale(static_cast<locale_t>(before_));
  freelocale(static_cast<locale_t>(ours_));
}

Error broken(const std::string& what) {
  return {ErrorCode::kInvalid, "the image cannot be used: " + what,
          "save it again: podman save --format oci-archive -o image.tar NAME"};
}

long Feed::read(archive* reader, void* self, const void** bytes) {
  auto* const feed = static_cast<Feed*>(self);
  const auto piece = feed->pull_();
  if (!piece) {
    feed->error_ = piece.error();
    archive_set_error(reader, EIO, "its bytes end");
    return -1;
  }
  *bytes = piece->data();
  return static_cast<long>(piece->size());
}

Result<void> Feed::open(const Reader& reader, const std::string& what) {
  const auto pull = [](archive* a, void* self, const void** bytes) -> la_ssize_t {
    return Feed::read(a, self, bytes);
  };
  if (archive_read_open(reader.get(), this, nullptr, pull, nullptr) != ARCHIVE_OK) return why(reader, what);
  return {};
}

Error Feed::why(const Reader& reader, const std::string& what) const {
  if (error_) return *error_;
  const char* const words = archive_error_string(reader.get());
  return broken(what + " cannot be read: " + (words ? words : "no reason given"));
}

Pull entry_data(const Reader& reader, const Feed* feed, const std::string& what) {
  return [&reader, feed, what, buffer = Bytes(128U << 10)]() mutable -> Result<ByteView> {
    const la_ssize_t n = archive_read_data(reader.get(), buffer.data(), buffer.size());
    if (n >= 0) return ByteView(buffer.data(), static_cast<std::size_t>(n));
    if (feed != nullptr) return feed->why(reader, what);
    const char* const words = archive_error_string(reader.get());
    return broken(what + " cannot be read: " + (words ? words : "no reason given"));
  };
}

}  // namespace reeve::agent::image
