"""The real Glance driver, measured in the way of harness/measure.mjs: glance_driver.py WORK SPEC, both as given to the others."""

import itertools
import json
import logging
import os
import resource
import sys
import threading
import time

from oslo_config import cfg

from glance import image_cache



def open_cache(directory):
    logging.disable(logging.CRITICAL)
    cfg.CONF([], project="glance", default_config_files=[], default_config_dirs=[])
    cfg.CONF.set_override("image_cache_dir", directory)
    cfg.CONF.set_override("image_cache_driver", "xattr")
    return image_cache.ImageCache().driver


def put(driver, name, contents):
    with driver.open_for_write(name) as file:
        file.write(contents)


def get(driver, name, size):
    with driver.open_for_read(name) as file:
        contents = file.read(size + 1)
    if len(contents) != size:
        raise ValueError(f"{name}: {len(contents)} bytes instead of {size}")
    return contents


def measure(operation, spec):
    number = itertools.count()

    def batch():
        start = time.perf_counter_ns()
        for _ in range(spec["batch"]):
            operation(next(number))
        return time.perf_counter_ns() - start

    spent = 0
    while spent < spec["warmUpSeconds"] * 1e9:
        spent += batch()
    batches = []
    spent = 0
    while spent < spec["seconds"] * 1e9 or len(batches) < 5:
        took = batch()
        spent += took
        batches.append(took / spec["batch"])
    return {"batches": batches, "operations": next(number)}


def work_get(driver, spec):
    size = spec["size"]
    count = max(2, min(100, 64 * 1024 * 1024 // size))
    contents = os.urandom(size)
    names = [f"image-{number}" for number in range(count)]
    for name in names:
        put(driver, name, contents)
    result = measure(lambda number: get(driver, names[number % count], size), spec)
    hits = sum(driver.get_hit_count(name) for name in names)
    if hits != result["operations"] or any(get(driver, name, size) != contents for name in names):
        raise ValueError("wrong bytes, or hits lost")
    return result


def work_put(driver, spec):
    contents = os.urandom(spec["size"])
    return measure(lambda number: put(driver, f"image-{number}", contents), spec)


def work_walk(driver, spec):
    operation = {"size": driver.get_cache_size, "list": lambda: len(list(driver.get_cached_images()))}[spec["method"]]
    for _ in range(spec["warmUpRuns"]):
        operation()
    batches = []
    for _ in range(spec["runs"]):
        start = time.perf_counter()
        answer = operation()
        batches.append((time.perf_counter() - start) * 1000)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"batches": batches, "answer": answer, "peakMiB": peak}


def work_concurrency(driver, spec):
    size, images = spec["size"], spec["images"]
    contents = os.urandom(size)
    for number in range(images):
        put(driver, f"image-{number}", contents)
    number = itertools.count()
    reads = itertools.count()

    def read_until(end):
        while time.perf_counter() < end:
            get(driver, f"image-{next(number) % images}", size)
            next(reads)

    def read_for(seconds):
        end = time.perf_counter() + seconds
        threads = [threading.Thread(target=read_until, args=(end,)) for _ in range(spec["readers"])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    read_for(spec["warmUpSeconds"])
    before = next(reads)
    start = time.perf_counter()
    read_for(spec["seconds"])
    after = next(reads)
    throughput = (after - before - 1) / (time.perf_counter() - start)
    hits = sum(driver.get_hit_count(f"image-{n}") for n in range(images))
    return {"batches": [throughput], "operations": after - 1, "lostHits": after - 1 - hits}


WORK = {"get": work_get, "put": work_put, "walk": work_walk, "concurrency": work_concurrency}

if __name__ == "__main__":
    specification = json.loads(sys.argv[2])
    print(json.dumps(WORK[sys.argv[1]](open_cache(specification["dir"]), specification)))
