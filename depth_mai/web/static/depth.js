// The page of `predict --page`: shows the pictures that it contains.
'use strict';

const data = JSON.parse(document.getElementById('data').textContent);
data.pictures.forEach((picture, number) => {
  const several = data.pictures.length > 1;
  addDepthView(document.getElementById('content'), picture,
    depthColours(data), several ? picture.name : '').id = `picture_${number}`;
});
