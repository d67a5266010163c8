"""Start it: `python -P -m services.annotation_watcher`."""

from labelloop.runtime.process import serve
from services.annotation_watcher.service import AnnotationWatcher

if __name__ == "__main__":
    serve(AnnotationWatcher.name, AnnotationWatcher)
