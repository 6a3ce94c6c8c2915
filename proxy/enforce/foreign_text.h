// Texts of a session whose client_encoding is not the one that names are compared in here (UTF-8): the server
// reads a byte above 127 in them as another character than the analysis does.
#pragma once

#include <string_view>

#include "proxy/enforce/plan.h"

namespace pgconsent::enforce {

// May the text be planned? Not where such a byte may be part of a name: in the state, which the server told
// in that encoding, or in the text outside of values and comments. In function bodies and definitions
// constants hold names, too. `SET client_encoding` always may.
bool names_are_ascii(std::string_view given, const SessionState& state);

// Is what the plan adds to the client's text read the same way in any encoding?
bool adds_only_ascii(const Plan& plan);

}  // namespace pgconsent::enforce
