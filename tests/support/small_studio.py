"""The command ``puppyslug``, for a studio that trains on few views; run it with ``python -m``.

The studio's processes import this module, too, as multiprocessing does with any main module.
"""

import multiprocessing
import os

if __name__ == "__main__":
    from puppyslug.__main__ import run

    run()
elif multiprocessing.current_process().name == "puppyslug-worker":
    from puppyslug.networks.threads import configure_threads

    configure_threads()  # before torch is imported
    from puppyslug.training import classifier, dataset, last_block, negatives, report, session

    dataset.TOTAL_VIEWS, dataset.BLEND_COUNT = 20, 6
    negatives.IMAGES_PER_KIND, negatives.MAX_PORTRAITS = 4, 5
    classifier.PENALTIES = (0.003,)
    last_block.MAX_EPOCHS = session.MAX_EPOCHS = 1
    if steps := os.environ.get("REPORT_STEPS"):
        report.CLASS_SETTINGS = report.CLASS_SETTINGS._replace(size=64, steps=int(steps))
