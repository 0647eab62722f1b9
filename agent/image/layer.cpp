#include "agent/image/layer.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "protocol/digest.h"

namespace reeve::agent::image {
namespace {

/// Source: image-spec 1.1, layer.md, "Whiteouts".
constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";
/// Of AUFS, whose other marks mean nothing to anybody else.
constexpr std::string_view kAufs = ".wh..wh.";

Error over(const char* what) {
  return {ErrorCode::kExhausted, std::string("the image has more ") + what + " than may be unpacked here",
          "make it smaller; an agent's image_cache_gib in agent.toml bounds the bytes"};
}

/// Takes `amount` of a bound that is used up at zero.
bool spend(std::uint64_t& left, std::uint64_t amount) {
  if (amount > left) return false;
  left -= amount;
  return true;
}

/// A layer's bytes on their way to a tar archive, both hashed.
class Unpacking {
 public:
  Unpacking(const Pull& stored, Budget& budget)
      : stored_([this, &stored]() -> Result<ByteView> {
          auto piece = stored();
          if (piece) digests_.first.update(*piece);
          return piece;
        }),
        feed_(stored_),
        budget_(budget) {}
  Unpacking(const Unpacking&) = delete;
  Unpacking& operator=(const Unpacking&) = delete;

  Result<void> open() {
    archive_read_support_filter_gzip(reader_.get());
    archive_read_support_filter_zstd(reader_.get());
    archive_read_support_format_raw(reader_.get());
    archive_read_support_format_empty(reader_.get());
    if (auto opened = feed_.open(reader_, "a layer"); !opened) return opened;
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(reader_.get(), &entry);
    ended_ = status == ARCHIVE_EOF;
    if (status != ARCHIVE_OK && !ended_) return feed_.why(reader_, "a layer");
    return {};
  }

  Result<ByteView> next() {
    if (ended_) return ByteView();
    auto piece = data_();
    if (!piece) return piece;
    ended_ = piece->empty();
    digests_.second.update(*piece);
    if (!spend(budget_.stream_bytes, piece->size())) return over("bytes");
    return piece;
  }

  /// After the last entry: what stands behind the archive is of the layer too.
  Result<LayerDigests> finish() {
    for (bool more = true; more;) {
      const auto piece = next();
      if (!piece) return piece.error();
      more = !piece->empty();
    }
    for (bool more = true; more;) {
      const auto piece = stored_();
      if (!piece) return piece.error();
      more = !piece->empty();
    }
    return LayerDigests{digests_.first.finish(), digests_.second.finish()};
  }

 private:
  Pull stored_;
  Feed feed_;
  Budget& budget_;
  Reader reader_ = make_reader();
  Pull data_ = entry_data(reader_, &feed_, "a layer");
  std::pair<Sha256, Sha256> digests_;
  bool ended_ = false;
};

class Applier {
 public:
  Applier(RootFolder& root, Budget& budget) : root_(root), budget_(budget) {}

  Result<void> apply(const Reader& reader, const Feed& feed) {
    root_.begin_layer();
    archive_entry* entry = nullptr;
    for (;;) {
      const int status = archive_read_next_header(reader.get(), &entry);
      if (status == ARCHIVE_EOF) return {};
      if (status != ARCHIVE_OK && status != ARCHIVE_WARN) return feed.why(reader, "a layer");
      if (!spend(budget_.entries, 1)) return over("entries");
      if (auto done = apply(reader, feed, entry); !done) return done;
    }
  }

 private:
  Result<void> apply(const Reader& reader, const Feed& feed, archive_entry* entry) {
    const char* const said = archive_entry_pathname(entry);
    if (said == nullptr) return broken("the name of a file in a layer is no UTF-8");
    auto path = clean_path(said);
    if (!path) return path.error();
    const std::size_t slash = path->rfind('/');
    const std::string name = slash == std::string::npos ? *path : path->substr(slash + 1);
    if (name.starts_with(kWhiteout))
      return hide(slash == std::string::npos ? "" : path->substr(0, slash), name);
    const mode_t mode = archive_entry_perm(entry);
    if (const char* const target = archive_entry_hardlink(entry)) return hard_link(*path, target);
    switch (archive_entry_filetype(entry)) {
      case AE_IFDIR: return root_.folder(*path, mode);
      case AE_IFREG: return write(*path, mode, reader, feed, entry);
      case AE_IFLNK: return symbolic_link(*path, archive_entry_symlink(entry));
      default: return {};  // devices, pipes, sockets: the sandbox has its own, and no others
    }
  }

  Result<void> hide(const std::string& folder, const std::string& name) {
    if (name == kOpaque) return root_.hide_below(folder);
    if (name.starts_with(kAufs)) return {};
    const std::string hidden = name.substr(kWhiteout.size());
    if (hidden.empty() || hidden == "." || hidden == "..")
      return broken("the whiteout '" + name + "' names no file");
    return root_.hide(folder.empty() ? hidden : folder + "/" + hidden);
  }

  Result<void> hard_link(const std::string& path, const char* said) {
    auto target = clean_path(said);
    if (!target) return target.error();
    return root_.hard_link(path, *target);
  }

  Result<void> symbolic_link(const std::string& path, const char* target) {
    if (target == nullptr || *target == '\0') return broken("'" + path + "' is a link to nothing");
    return root_.symbolic_link(path, target);
  }

  Result<void> write(const std::string& path, mode_t mode, const Reader& reader, const Feed& feed,
                     archive_entry* entry) {
    const std::int64_t size = archive_entry_size(entry);
    if (size < 0 || !spend(budget_.file_bytes, static_cast<std::uint64_t>(size))) return over("bytes");
    auto file = root_.file(path, mode);
    if (!file) return file.error();
    const void* bytes = nullptr;
    std::size_t count = 0;
    la_int64_t offset = 0;
    for (;;) {
      const int status = archive_read_data_block(reader.get(), &bytes, &count, &offset);
      if (status == ARCHIVE_EOF) break;
      if (status != ARCHIVE_OK && status != ARCHIVE_WARN) return feed.why(reader, "'" + path + "'");
      if (offset < 0 || offset > size || count > static_cast<std::uint64_t>(size - offset))
        return broken("'" + path + "' is larger than it said");
      if (auto written = write_at(*file, {static_cast<const std::uint8_t*>(bytes), count}, offset); !written)
        return written;
    }
    // Holes stay holes. Python looks at the times of its sources.
    const timespec time{archive_entry_mtime(entry), archive_entry_mtime_nsec(entry)};
    const std::array<timespec, 2> times{time, time};
    if (ftruncate(file->get(), size) != 0 || futimens(file->get(), times.data()) != 0) return cannot_write();
    return {};
  }

  static Result<void> write_at(const Descriptor& file, ByteView bytes, la_int64_t offset) {
    while (!bytes.empty()) {
      const ssize_t n = pwrite(file.get(), bytes.data(), bytes.size(), offset);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return cannot_write();
      bytes = bytes.subspan(static_cast<std::size_t>(n));
      offset += n;
    }
    return {};
  }

  static Error cannot_write() {
    return {ErrorCode::kIo, std::string("an image cannot be unpacked: ") + std::strerror(errno),
            "look at the free space of the agent's disk"};
  }

  RootFolder& root_;
  Budget& budget_;
};

}  // namespace

Result<LayerDigests> apply_layer(const Pull& stored, RootFolder& root, Budget& budget) {
  const Utf8Names names;
  Unpacking unpacking(stored, budget);
  if (auto opened = unpacking.open(); !opened) return opened.error();
  Feed feed([&unpacking] { return unpacking.next(); });
  const Reader reader = make_reader();
  archive_read_support_format_tar(reader.get());
  archive_read_support_format_empty(reader.get());
  if (auto opened = feed.open(reader, "a layer"); !opened) return opened.error();
  if (auto applied = Applier(root, budget).apply(reader, feed); !applied) return applied.error();
  return unpacking.finish();
}

}  // namespace reeve::agent::image
