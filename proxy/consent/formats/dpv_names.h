// The identifiers of consent records in JSON-LD: the Data Privacy Vocabulary 2, its GDPR extension, Dublin
// Core, and a few of our own for what these have no word for. Private to this folder.
#pragma once

#include <string>
#include <string_view>

namespace pgconsent::consent::dpv {

inline constexpr std::string_view dpv = "https://w3id.org/dpv#", gdpr = "https://w3id.org/dpv/legal/eu/gdpr#",
                                  old_gdpr = "https://w3id.org/dpv/dpv-gdpr#",
                                  dct = "http://purl.org/dc/terms/",
                                  rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
                                  own = "urn:pgconsent:term:", purpose = "urn:pgconsent:purpose:",
                                  category = "urn:pgconsent:category:";

struct Prefix {
  std::string_view name, iri;
};
inline constexpr Prefix prefixes[] = {{"dpv", dpv},
                                      {"eu-gdpr", gdpr},
                                      {"dct", dct},
                                      {"rdf", rdf},
                                      {"skos", "http://www.w3.org/2004/02/skos/core#"},
                                      {"pd", "https://w3id.org/dpv/pd#"},
                                      {"xsd", "http://www.w3.org/2001/XMLSchema#"},
                                      {"pgc", own},
                                      {"purpose", purpose},
                                      {"category", category}};
// Of these a document's context may make something else.

// Our names of lawful bases and their articles: eu-gdpr:A6-1-a to A6-1-f.
struct BasisName {
  std::string_view basis, article;
};
inline constexpr BasisName bases[] = {{"consent", "A6-1-a"},          {"contract", "A6-1-b"},
                                      {"legal_obligation", "A6-1-c"}, {"vital_interests", "A6-1-d"},
                                      {"public_task", "A6-1-e"},      {"legitimate_interests", "A6-1-f"}};

}  // namespace pgconsent::consent::dpv
