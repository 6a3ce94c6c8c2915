// What Describe and Close are about.
#pragma once

namespace pgconsent::wire {

enum class Target : char { statement = 'S', portal = 'P' };

}  // namespace pgconsent::wire
