#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

/// Reads the region's JSON without trusting its shape: a field that is missing or of another type is empty.
namespace reeve::client {

inline const nlohmann::json& member(const nlohmann::json& object, const char* key) {
  static const nlohmann::json nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(key);
  return found == object.end() ? nothing : *found;
}
inline std::string text_of(const nlohmann::json& object, const char* key) {
  const nlohmann::json& value = member(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}
inline std::uint64_t number_of(const nlohmann::json& object, const char* key) {
  const nlohmann::json& value = member(object, key);
  return value.is_number_integer() ? value.get<std::uint64_t>() : 0;
}
inline std::int64_t signed_of(const nlohmann::json& object, const char* key) {
  const nlohmann::json& value = member(object, key);
  return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}
inline bool flag_of(const nlohmann::json& object, const char* key) {
  const nlohmann::json& value = member(object, key);
  return value.is_boolean() && value.get<bool>();
}
/// An empty array where there is none.
inline const nlohmann::json& list_of(const nlohmann::json& object, const char* key) {
  static const nlohmann::json none = nlohmann::json::array();
  const nlohmann::json& value = member(object, key);
  return value.is_array() ? value : none;
}

}  // namespace reeve::client
