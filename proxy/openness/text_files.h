// What the build makes of texts/*.txt. Private to texts.cc.
#pragma once

namespace pgconsent::openness {

struct TextFile {
  const char* language;
  const char* text;
};
extern const TextFile text_files[];  // ends with nulls

}  // namespace pgconsent::openness
