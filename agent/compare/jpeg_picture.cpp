// The one file that wraps libjpeg. Its errors come by longjmp, so a function that sets one up holds nothing
// that would have to be destroyed.

#include <cstddef>
#include <cstdio>
// needs what stands above
#include <jpeglib.h>

#include <array>
#include <csetjmp>

#include "agent/compare/bounds.h"
#include "agent/compare/picture.h"

namespace reeve::agent::compare {
namespace {

struct Reading {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf escape{};
  std::array<char, JMSG_LENGTH_MAX> message{};
  bool too_many_scans = false;
};

Reading& reading_of(j_common_ptr info) {
  return *static_cast<Reading*>(info->client_data);
}

[[noreturn]] void give_up(j_common_ptr info) {
  Reading& reading = reading_of(info);
  info->err->format_message(info, reading.message.data());
  std::longjmp(reading.escape, 1);
}

/// A warning means that the decoder made up pixels: such a file is damaged.
void on_message(j_common_ptr info, int level) {
  if (level < 0) give_up(info);
}

void bound_scans(j_common_ptr info) {
  Reading& reading = reading_of(info);
  if (reading.info.input_scan_number <= kJpegScans) return;
  reading.too_many_scans = true;
  std::longjmp(reading.escape, 1);
}

void set_up(Reading& reading) {
  reading.info.err = jpeg_std_error(&reading.errors);
  reading.errors.error_exit = give_up;
  reading.errors.emit_message = on_message;
  reading.progress.progress_monitor = bound_scans;
  reading.info.client_data = &reading;
}

bool begin(Reading& reading, ByteView file) {
  if (setjmp(reading.escape) != 0) return false;
  jpeg_create_decompress(&reading.info);
  reading.info.progress = &reading.progress;
  jpeg_mem_src(&reading.info, file.data(), file.size());
  jpeg_read_header(&reading.info, TRUE);
  return true;
}

/// Fills `out`, rows of `row_bytes`; the decoder's slowest and most exact transform.
bool read_pixels(Reading& reading, std::uint8_t* out, std::size_t row_bytes) {
  if (setjmp(reading.escape) != 0) return false;
  reading.info.dct_method = JDCT_ISLOW;
  jpeg_start_decompress(&reading.info);
  while (reading.info.output_scanline < reading.info.output_height) {
    JSAMPROW row = out + reading.info.output_scanline * row_bytes;
    jpeg_read_scanlines(&reading.info, &row, 1);
  }
  jpeg_finish_decompress(&reading.info);
  return true;
}

Error why(const Reading& reading) {
  if (reading.too_many_scans) return beyond("JPEG: more than " + std::to_string(kJpegScans) + " scans");
  return damaged(std::string("JPEG: ") + reading.message.data());
}

Result<Picture> decode(Reading& reading, ByteView file) {
  static constexpr const char* kGrey[] = {"grey"};
  static constexpr const char* kColours[] = {"red", "green", "blue"};
  static constexpr const char* kInks[] = {"cyan", "magenta", "yellow", "black"};
  if (!begin(reading, file)) return why(reading);
  jpeg_decompress_struct& info = reading.info;
  const int count = info.num_components;
  if (count != 1 && count != 3 && count != 4)
    return beyond("JPEG: " + std::to_string(count) + " components, not 1, 3 or 4");
  const auto samples = static_cast<std::size_t>(count);
  info.out_color_space = count == 1 ? JCS_GRAYSCALE : count == 3 ? JCS_RGB : JCS_CMYK;
  if (auto fits = fits_bounds(info.image_width, info.image_height, samples, kJpegBytes); !fits)
    return fits.error();
  Picture picture;
  picture.width = info.image_width;
  picture.height = info.image_height;
  const char* const* names = count == 1 ? kGrey : count == 3 ? kColours : kInks;
  for (std::size_t c = 0; c < samples; ++c)
    picture.channels.push_back({names[c], Sample::kU8, c, samples});
  picture.data.resize(picture.pixels() * samples);
  if (!read_pixels(reading, picture.data.data(), picture.width * samples)) return why(reading);
  if (info.src->bytes_in_buffer != 0) return beyond("JPEG: there are bytes after its end");
  return picture;
}

}  // namespace

Result<Picture> decode_jpeg(ByteView file) {
  Reading reading;
  set_up(reading);
  auto picture = decode(reading, file);
  jpeg_destroy_decompress(&reading.info);
  return picture;
}

}  // namespace reeve::agent::compare
