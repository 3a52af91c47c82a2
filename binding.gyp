{
  'variables': {
    # With our own prefix: Node's configuration has a variable `coverage`, which is 'false' and so not empty.
    # gyp's own -D and GYP_DEFINES do not reliably reach a build that npm starts; the environment does.
    'xattr_cache_sanitize%': '<!(node -p "process.env.XATTR_CACHE_SANITIZE || \'\'")',
    'xattr_cache_coverage%': '<!(node -p "process.env.XATTR_CACHE_COVERAGE || \'\'")',
    'xattr_cache_portable%': '<!(node -p "process.env.XATTR_CACHE_PORTABLE || \'\'")',
  },
  'targets': [{
    'target_name': 'xattr_cache',
    'include_dirs': ['native'],
    'sources': ['<!@(ls native/posix/*.cc native/core/*.cc native/binding/*.cc)'],
    'dependencies': ["<!(node -p \"require('node-addon-api').targets\"):node_addon_api"],
    'defines': ['NAPI_VERSION=9'],
    # -fno-exceptions and -fno-rtti are node-gyp's defaults.
    'cflags_cc': [
      '-std=c++20', '-fvisibility=hidden', '-fvisibility-inlines-hidden',
      '-Wall', '-Wextra', '-Wpedantic', '-Wshadow', '-Wconversion',
    ],
    # nodelete: finalizers may still run after a worker's copy would be unmapped.
    'ldflags': ['-Wl,-z,nodelete', '-Wl,-z,relro,-z,now', '-Wl,-Bsymbolic'],
    'xcode_settings': {
      'CLANG_CXX_LANGUAGE_STANDARD': 'c++20',
      'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
      'MACOSX_DEPLOYMENT_TARGET': '11.0',
    },
    'conditions': [
      ['xattr_cache_sanitize!=""', {
        'cflags': ['-fsanitize=<(xattr_cache_sanitize)', '-fno-omit-frame-pointer', '-g', '-O1'],
        'ldflags': ['-fsanitize=<(xattr_cache_sanitize)'],
      }],
      ['xattr_cache_coverage!=""', {
        'cflags': ['--coverage', '-g', '-O0'],
        'ldflags': ['--coverage'],
      }],
      ['xattr_cache_portable!="" and OS=="linux"', {
        'sources': ['native/prebuild/glibc_floor.cc'],
        'ldflags': ['-Wl,--version-script=<(module_root_dir)/native/prebuild/exports.map'],
      }],
    ],
  }],
}
