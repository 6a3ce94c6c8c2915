#include "proxy/admin/pages/chart.h"

#include <fmt/format.h>

#include <algorithm>

#include "proxy/admin/pages/decisions.h"
#include "proxy/admin/pages/numbers_text.h"

namespace pgconsent::pages {

using namespace literals;

namespace {

constexpr double width = 960, height = 96, left = 56, bottom = 18, top = 8;

// A number for an attribute: digits, a point, nothing else.
std::string at(double value) {
  return fmt::format("{:.1f}", value);
}

void add_axis(Html& html, std::int64_t most) {
  for (const std::int64_t value : {most, most / 2, std::int64_t{0}}) {
    if (value == most / 2 && (most < 2 || value == 0)) continue;
    const double y =
        height - bottom - (height - bottom - top) * static_cast<double>(value) / static_cast<double>(most);
    html << "<line class=\"grid\" x1=\""_m << at(left) << "\" x2=\""_m << at(width) << "\" y1=\""_m << at(y)
         << "\" y2=\""_m << at(y) << "\"/>"_m
         << "<text class=\"axis\" x=\""_m << at(left - 8) << "\" y=\""_m << at(y + 3.5)
         << "\" text-anchor=\"end\">"_m << grouped(value) << "</text>"_m;
  }
}

void add_labels(Html& html, const std::vector<Bucket>& buckets, double step) {
  const std::size_t every = std::max<std::size_t>(1, (buckets.size() + 5) / 6);
  for (std::size_t i = 0; i < buckets.size(); i += every) {
    if (buckets.size() - i < every / 2) break;
    html << "<text class=\"axis x\" x=\""_m << at(left + step * static_cast<double>(i)) << "\" y=\""_m
         << at(height - 4) << "\">"_m << buckets[i].label << "</text>"_m;
  }
}

}  // namespace

Html bar_chart(std::string_view colour, std::string_view summary, const std::vector<Bucket>& buckets,
               const std::vector<std::int64_t>& values) {
  Html html;
  const std::int64_t largest = values.empty() ? 0 : *std::max_element(values.begin(), values.end());
  const std::int64_t most = round_up_nicely(std::max<std::int64_t>(largest, 1));
  const double step = (width - left) / static_cast<double>(std::max<std::size_t>(buckets.size(), 1));
  html << "<svg class=\"chart\" role=\"group\" aria-label=\""_m << summary << "\" viewBox=\"0 0 "_m
       << at(width) << " "_m << at(height) << "\">"_m;
  add_axis(html, most);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] == 0) continue;
    const double full = height - bottom - top;
    const double high = std::max(1.5, full * static_cast<double>(values[i]) / static_cast<double>(most));
    const double gap = step > 6 ? 1.5 : 0.5;
    html << "<a href=\""_m << buckets[i].link << "\" tabindex=\"-1\"><rect class=\"bar "_m << colour
         << "\" x=\""_m << at(left + step * static_cast<double>(i) + gap) << "\" width=\""_m
         << at(std::max(1.0, step - 2 * gap)) << "\" y=\""_m << at(height - bottom - high) << "\" height=\""_m
         << at(high) << "\"><title>"_m << buckets[i].label << ": "_m << grouped(values[i])
         << "</title></rect></a>"_m;
  }
  add_labels(html, buckets, step);
  html << "</svg>"_m;
  return html;
}

Html share_bar(const std::vector<std::int64_t>& parts, std::int64_t most) {
  constexpr double long_ = 240;
  Html html;
  html << "<svg class=\"share\" aria-hidden=\"true\" viewBox=\"0 0 240 10\" preserveAspectRatio=\"none\">"_m;
  double x = 0;
  for (std::size_t i = 0; i < parts.size() && i < number_of_decisions; ++i) {
    if (parts[i] == 0 || most <= 0) continue;
    const double wide = std::max(1.0, long_ * static_cast<double>(parts[i]) / static_cast<double>(most));
    html << "<rect class=\"bar "_m << decisions[i].name << "\" x=\""_m << at(x) << "\" width=\""_m << at(wide)
         << "\" y=\"0\" height=\"10\"/>"_m;
    x += wide;
  }
  html << "</svg>"_m;
  return html;
}

}  // namespace pgconsent::pages
