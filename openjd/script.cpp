#include "openjd/script.h"

namespace reeve::openjd {

std::string file_text(const EmbeddedFile& file, const Symbols& symbols) {
  std::string text = file.data.resolve(symbols);
  if (file.end_of_line == EndOfLine::kAuto) return text;
  const std::string_view end = file.end_of_line == EndOfLine::kCrlf ? "\r\n" : "\n";
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool pair = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if (pair) continue;  // its line feed follows
    if (text[i] == '\n') {
      out += end;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace reeve::openjd
