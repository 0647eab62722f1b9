#pragma once

#include <string>
#include <vector>

namespace reeve::client {

/// "generation,loss" and a line for each, counted from 1.
std::string loss_csv(const std::vector<double>& losses);

/// An SVG picture of the curve, 900 pixels wide, that opens in any browser and follows its dark or light
/// scheme.
std::string loss_plot(const std::vector<double>& losses);

}  // namespace reeve::client
