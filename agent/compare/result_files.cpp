#include "agent/compare/result_files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace reeve::agent::compare {
namespace {

Error system_error_at(const std::string& what) {
  const int code = errno;
  return {code == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
          what + ": " + std::generic_category().message(code), "check the path and its rights"};
}

}  // namespace

Result<MappedBytes> MappedBytes::of(const Descriptor& file, std::uint64_t begin, std::uint64_t size) {
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return system_error_at("cannot look at a file");
  const auto whole = static_cast<std::uint64_t>(status.st_size);
  if (begin > whole || size > whole - begin)
    return Error{ErrorCode::kIo, "a file became shorter while it was read", "let nothing write to it"};
  MappedBytes mapped;
  if (size == 0) return mapped;
  const std::uint64_t page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  const std::uint64_t skipped = begin % page;
  mapped.length_ = static_cast<std::size_t>(size + skipped);
  void* base =
      mmap(nullptr, mapped.length_, PROT_READ, MAP_PRIVATE, file.get(), static_cast<off_t>(begin - skipped));
  if (base == MAP_FAILED) return system_error_at("cannot map a file");
  mapped.base_ = base;
  mapped.bytes_ = {static_cast<const std::uint8_t*>(base) + skipped, static_cast<std::size_t>(size)};
  return mapped;
}

MappedBytes::~MappedBytes() {
  if (base_ != nullptr) munmap(base_, length_);
}

MappedBytes::MappedBytes(MappedBytes&& other) noexcept
    : base_(std::exchange(other.base_, nullptr)),
      length_(std::exchange(other.length_, 0)),
      bytes_(std::exchange(other.bytes_, {})) {}

MappedBytes& MappedBytes::operator=(MappedBytes&& other) noexcept {
  std::swap(base_, other.base_);
  std::swap(length_, other.length_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

Result<ResultFiles> ResultFiles::open(const std::filesystem::path& path) {
  ResultFiles result;
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!file.valid() || fstat(file.get(), &status) != 0)
    return system_error_at("cannot open '" + path.string() + "'");
  if (S_ISDIR(status.st_mode)) {
    auto listed = list_files(file);
    if (!listed) return listed.error();
    result.form_ = Form::kFolder;
    for (const FoundFile& found : listed->files)
      result.files_.push_back({found.path, found.executable, found.size_bytes});
  } else if (!S_ISREG(status.st_mode)) {
    return Error{ErrorCode::kInvalid, "'" + path.string() + "' is no file and no folder",
                 "name one of these"};
  } else if (auto index = read_bundle_index(file); index.ok()) {
    result.form_ = Form::kBundle;
    std::uint64_t begin = index->data_begin;
    for (const BundleFile& member : index->files) {
      result.begins_.push_back(begin);
      begin += member.size_bytes;
    }
    result.files_ = std::move(index->files);
  } else {
    result.files_.push_back({path.filename().string(), false, static_cast<std::uint64_t>(status.st_size)});
  }
  result.root_ = std::move(file);
  return result;
}

Result<MappedBytes> ResultFiles::map(std::size_t index) const {
  const BundleFile& file = files_.at(index);
  if (form_ == Form::kFile) return MappedBytes::of(root_, 0, file.size_bytes);
  if (form_ == Form::kBundle) return MappedBytes::of(root_, begins_[index], file.size_bytes);
  auto opened = open_below(root_, file.path);
  if (!opened) return opened.error();
  return MappedBytes::of(*opened, 0, file.size_bytes);
}

}  // namespace reeve::agent::compare
