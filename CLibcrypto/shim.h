#pragma once
// Only the digest interface: the rest of OpenSSL stays out of sight.
#include <openssl/evp.h>
