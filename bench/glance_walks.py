"""Times the walks of the real Glance driver over a directory: prints {"method": milliseconds}."""

import json
import logging
import sys
import time

from oslo_config import cfg

from glance import image_cache

logging.disable(logging.CRITICAL)
cfg.CONF([], project="glance", default_config_files=[], default_config_dirs=[])
cfg.CONF.set_override("image_cache_dir", sys.argv[1])
cfg.CONF.set_override("image_cache_driver", "xattr")
driver = image_cache.ImageCache().driver


def milliseconds(method):
    start = time.perf_counter()
    method()
    return (time.perf_counter() - start) * 1000


print(json.dumps({name: milliseconds(getattr(driver, name)) for name in ("get_cache_size", "get_cached_images")}))
