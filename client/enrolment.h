#pragma once

#include <string>

#include "client/context.h"

namespace reeve::client {

/// Takes up an invitation as a person: makes the home's keys, enrols them, and writes the login.
///   wanted   the role that the invitation must be for
///   name     how the region lists this party
/// kConflict: the home already belongs to a region. kNotAllowed: the invitation is for another role.
Result<msg::Enrolled> take_up_invitation(Context& context, const std::string& given, const std::string& name,
                                         Role wanted);

/// "user@host".
std::string default_name(const Environment& environment);

}  // namespace reeve::client
